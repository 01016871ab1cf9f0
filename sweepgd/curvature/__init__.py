"""How curved the loss is around a minimiser: Hessian products, and the measures of sharpness and flatness made of them."""
