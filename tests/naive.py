"""Readable oracles in plain NumPy, written from the papers and apart from the package."""

import numpy as np

# --- Networks: layer after layer, z = h·W + b. `tensors` is [W0, b0, W1, b1, …], with W of shape (inputs, outputs).

ACTIVATIONS = {
    "relu": (lambda z: np.where(z < 0, 0, z), lambda z: (z > 0).astype(z.dtype)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
}


def probabilities(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def output_loss(z, targets, loss):
    """The mean loss of outputs z (n, k) and its derivative with respect to z."""
    n = len(z)
    if loss == "squared":
        return 0.5 * np.sum((z - targets) ** 2) / n, (z - targets) / n
    if loss == "binary":
        return np.mean(np.logaddexp(0, z) - targets * z), (1 / (1 + np.exp(-z)) - targets) / n
    p, rows, labels = probabilities(z), np.arange(n), targets[:, 0].astype(int)
    one_hot = np.zeros_like(z)
    one_hot[rows, labels] = 1
    return -np.mean(np.log(p[rows, labels])), (p - one_hot) / n


def outputs(tensors, inputs, activation):
    """Every layer's z."""
    h, zs = inputs, []
    for w, b in zip(tensors[::2], tensors[1::2], strict=True):
        zs.append(h @ w + b)
        h = ACTIVATIONS[activation][0](zs[-1])
    return zs


def network(tensors, inputs, targets, activation, loss):
    """Mean loss and flat gradient, by backpropagation."""
    function, derivative = ACTIVATIONS[activation]
    zs = outputs(tensors, inputs, activation)
    value, delta = output_loss(zs[-1], targets, loss)
    gradients = []
    for layer in reversed(range(len(zs))):
        h = function(zs[layer - 1]) if layer else inputs
        gradients = [h.T @ delta, delta.sum(axis=0), *gradients]
        if layer:
            delta = (delta @ tensors[2 * layer].T) * derivative(zs[layer - 1])
    return value, np.concatenate([g.ravel() for g in gradients])


def gradients_of_rows(tensors, inputs, targets, activation, loss):
    """Each row's gradient, (n, parameters)."""
    pairs = zip(inputs, targets, strict=True)
    return np.array([network(tensors, x[None], y[None], activation, loss)[1] for x, y in pairs])


def jacobians(tensors, inputs, activation):
    """Each row's derivatives of its outputs, (n, outputs, parameters): the gradient of ½(z − y)² at y = z − e_j."""
    z = outputs(tensors, inputs, activation)[-1]
    units = np.eye(z.shape[1])
    return np.stack([gradients_of_rows(tensors, inputs, z - unit, activation, "squared") for unit in units], axis=1)


def output_hessians(z, loss):
    """Each row's second derivatives of the loss in its outputs, (n, k, k)."""
    if loss == "squared":
        return np.broadcast_to(np.eye(z.shape[1]), (*z.shape, z.shape[1]))
    if loss == "binary":
        return (1 / (2 + np.exp(z) + np.exp(-z)))[:, :, None]
    p = probabilities(z)
    return np.einsum("ni,ij->nij", p, np.eye(z.shape[1])) - np.einsum("ni,nj->nij", p, p)


def gauss_newton(tensors, inputs, targets, activation, loss):
    """The mean of JᵀCJ, (parameters, parameters)."""
    j = jacobians(tensors, inputs, activation)
    c = output_hessians(outputs(tensors, inputs, activation)[-1], loss)
    return np.einsum("nip,nij,njq->pq", j, c, j) / len(inputs)


def drawn_second_moments(tensors, inputs, targets, activation, loss):
    """The mean over rows of the squared gradient, in expectation over targets drawn from the model's own distribution."""
    z = outputs(tensors, inputs, activation)[-1]
    n, k = z.shape
    if loss == "squared":
        # Points ±√k along each axis have the mean and covariance of a Gaussian: exact for a square of what is linear in y.
        drawn = [(z + side * np.sqrt(k) * unit, np.full(n, 0.5 / k)) for unit in np.eye(k) for side in (1, -1)]
    elif loss == "binary":
        p = 1 / (1 + np.exp(-z[:, 0]))
        drawn = [(np.zeros((n, 1)), 1 - p), (np.ones((n, 1)), p)]
    else:
        drawn = [(np.full((n, 1), label), probabilities(z)[:, label]) for label in range(k)]
    return sum(weight @ gradients_of_rows(tensors, inputs, y, activation, loss) ** 2 for y, weight in drawn) / n


def differences(gradient, theta, step=1e-3):
    """The derivative of a gradient, (parameters, parameters), by differences of fourth order."""

    def column(unit):
        near, far = (gradient(theta + h * unit) - gradient(theta - h * unit) for h in (step, 2 * step))
        return (8 * near - far) / (12 * step)

    return np.array([column(unit) for unit in np.eye(theta.size)]).T


def share_wrong(tensors, inputs, targets, activation, loss):
    """The share of rows whose predicted class is not the target's."""
    z = outputs(tensors, inputs, activation)[-1]
    predicted = z[:, 0] > 0 if loss == "binary" else z.argmax(axis=1)
    return np.mean(predicted != targets[:, 0])


# --- Surfaces.


def quadratic(x, curvatures):
    return 0.5 * np.sum(curvatures * x**2)


def random_bits(key):
    """An endless stream of 64 random bits each: SplitMix64 of a counter that begins at the mixed key."""
    gamma, limit = 0x9E3779B97F4A7C15, 2**64

    def mixed(z):
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % limit
        z = (z ^ z >> 27) * 0x94D049BB133111EB % limit
        return z ^ z >> 31

    counter = mixed(key * gamma % limit)
    while True:
        counter = (counter + gamma) % limit
        yield mixed(counter)


def noisy_quadratic_gradient(x, curvatures, normal_numbers, variances, batch):
    """The gradient of one mini-batch; `normal_numbers` (parameters,) are its noise."""
    return curvatures * x + np.sqrt(variances / batch) * normal_numbers


def noisy_quadratic_squares(curvatures, variances, batch, rate, updates, start, beta=0.0):
    """E θ² after 0, 1, … updates of v = βv + g, θ = θ − ηv, (updates + 1, parameters): Σ = MΣMᵀ + (c/B)qqᵀ for (θ, v)."""
    one = np.ones_like(curvatures)
    step = np.array([[1 - rate * curvatures, -rate * beta * one], [curvatures, beta * one]]).transpose(2, 0, 1)
    noise = (variances / batch)[:, None, None] * np.outer([-rate, 1], [-rate, 1])
    second = np.zeros((len(curvatures), 2, 2))
    second[:, 0, 0] = start**2
    found = [second[:, 0, 0]]
    for _ in range(updates):
        second = step @ second @ step.transpose(0, 2, 1) + noise
        found.append(second[:, 0, 0])
    return np.array(found)


def rosenbrock(x, steepness):
    return (1 - x[0]) ** 2 + steepness * (x[1] - x[0] ** 2) ** 2


def saddle(x):
    return x[0] ** 2 / 2 - x[1] ** 2 / 2 + x[1] ** 4 / 4


# --- Optimizers: the new parameters from the old ones w, the gradient g, the rule's memory (a dict, empty before the
# first update), the learning rate and the number t of the update, from 1.


def sgd(w, g, memory, rate, t):
    return w - rate * g


def momentum(w, g, memory, rate, t, beta):
    v = memory["v"] = beta * memory.get("v", 0) + g
    return w - rate * v


def momentum_average(w, g, memory, rate, t, beta):
    v = memory["v"] = beta * memory.get("v", 0) + (1 - beta) * g
    return w - rate * v


def momentum_velocity(w, g, memory, rate, t, beta):
    m = memory["m"] = beta * memory.get("m", 0) - rate * g
    return w + m


def nesterov(w, g, memory, rate, t, beta):
    v = memory["v"] = beta * memory.get("v", 0) + g
    return w - rate * (g + beta * v)


def nesterov_velocity(w, g, memory, rate, t, beta):
    """As first written: the gradient is taken at w = θ + βm, ahead of the path of θ."""
    m = memory.get("m", 0)
    theta = w - beta * m
    m = memory["m"] = beta * m - rate * g
    return theta + m + beta * m


def adagrad(w, g, memory, rate, t, epsilon, initial_accumulator):
    s = memory["s"] = memory.get("s", initial_accumulator) + g**2
    return w - rate * g / np.sqrt(s + epsilon)


def rms(w, g, memory, rate, t, epsilon):
    past = memory.setdefault("gradients", [])
    past.append(g)
    return w - rate * g / np.sqrt(np.mean(np.square(past), axis=0) + epsilon)


def rmsprop(w, g, memory, rate, t, alpha, momentum, epsilon, start_at_gradient):
    start = g**2 if start_at_gradient else 0
    v = memory["v"] = alpha * memory.get("v", start) + (1 - alpha) * g**2
    m = memory["m"] = momentum * memory.get("m", 0) + rate * g / np.sqrt(v + epsilon)
    return w - m


def adadelta(w, g, memory, rate, t, rho, epsilon):
    s = memory["s"] = rho * memory.get("s", 0) + (1 - rho) * g**2
    u = memory.get("u", 0)
    d = np.sqrt((u + epsilon) / (s + epsilon)) * g
    memory["u"] = rho * u + (1 - rho) * d**2
    return w - rate * d


def adam(w, g, memory, rate, t, beta1, beta2, epsilon, epsilon_root):
    m = memory["m"] = beta1 * memory.get("m", 0) + (1 - beta1) * g
    v = memory["v"] = beta2 * memory.get("v", 0) + (1 - beta2) * g**2
    return w - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t) + epsilon_root) + epsilon)


def adamw(w, g, memory, rate, t, weight_decay, is_weight, **adam_settings):
    return adam(w, g, memory, rate, t, **adam_settings) - rate * weight_decay * w * is_weight


def nadam(w, g, memory, rate, t, beta1, beta2, epsilon, epsilon_root):
    m = memory["m"] = beta1 * memory.get("m", 0) + (1 - beta1) * g
    v = memory["v"] = beta2 * memory.get("v", 0) + (1 - beta2) * g**2
    ahead = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)
    return w - rate * ahead / (np.sqrt(v / (1 - beta2**t) + epsilon_root) + epsilon)
