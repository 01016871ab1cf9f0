"""The layers of a model as rows of a table: shapes of outputs, parameters and multiply-adds."""

from typing import NamedTuple

from sweepgd.models.contract import Architecture


class LayerRow(NamedTuple):
    """One layer. `output` is (height, width, channels), or (units,). `multiply_adds` counts the multiplications with weights
    for one row of the data. Layers are counted from 1, and `inputs` are the numbers of the layers that this layer reads, or ()
    for the layer before it.
    """

    layer: str
    output: tuple[int, ...]
    parameters: int
    multiply_adds: int
    inputs: tuple[int, ...]


def layer_rows(architecture: Architecture) -> list[LayerRow]:
    """Return the layers of a model, without the activations, which are in the names. Models without layers have no rows."""
    rows: list[LayerRow] = []
    for layer in architecture.layers:
        if "outputs" in layer or "output" in layer:
            units, weights = layer.get("outputs"), layer.get("inputs", 0) * layer.get("outputs", 0)
            output = tuple(layer["output"]) if units is None else (units,)
            inputs = tuple(layer.get("from", (len(rows),)))
            rows.append(
                LayerRow(
                    layer=layer.get("name", f"{layer['layer']} {units}"),
                    output=output[2:] if output[:2] == (1, 1) else output,
                    parameters=layer.get("parameters", weights + (units or 0)),
                    multiply_adds=layer.get("multiply_adds", weights),
                    inputs=() if inputs == (len(rows),) else inputs,
                )
            )
        elif rows and not rows[-1].layer.endswith(f", {layer['layer']}"):
            rows[-1] = rows[-1]._replace(layer=f"{rows[-1].layer}, {layer['layer']}")
    return rows
