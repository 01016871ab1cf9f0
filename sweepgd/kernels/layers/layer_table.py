"""The table of a network's layers, which kernels read from `settings`.

`settings` begins with HEADER numbers for the whole network. Then it has COLUMNS numbers for each layer, in the order of the
layers. All numbers are integers, except DROPPED and the numbers of a plugin. Images are stored as (height, width, channels),
row by row.

A value of a layer is stored at index `rows · offset` of the workspace, where `rows` is the number of images that are processed
at a time. Value 0 is the input images. The derivative of the loss with respect to a value has an offset of its own
(`sweepgd.kernels.layers.derivative_offsets`).
"""

# The header: the loss (`sweepgd.kernels.losses`), the number of layers, the number of numbers in all values of one image, the
# number of images to process at a time in a gradient (0 for the whole batch, which batch normalization needs), 1 if `buffers`
# begins with the mean and the inverse scale of each input, the largest padded image of all convolutions, the augmentation
# (pixels of padding for a random crop, 1 for horizontal flips, and the width of a square that is cut out, 0 for none), and the
# number of numbers in all values and derivatives of one image.
LOSS, LAYERS, VALUES, CHUNK, NORMALIZED, LARGEST, CROP, FLIP, CUTOUT, MEMORY = range(10)
HEADER = 10

# The columns: the kind of layer, height, width and channels of its input and of its output, height and width of its kernel or
# window, the distance between two windows, the padding at the top and at the left, the activation that is applied to the
# output, the first tensor in the layout, the first number in `buffers`, the share of units that are dropped, the offset of the
# input, of a second input (for sums) and of the output, and the offsets of the derivatives with respect to these three values
# (-1 if nothing needs it). For layers of plugins, the number of parameters, the functions of the forward and the backward pass
# as numbers, each for float32 and float64, the number of further numbers, and these numbers.
(
    KIND, HEIGHT, WIDTH, CHANNELS, OUT_HEIGHT, OUT_WIDTH, OUT_CHANNELS, KERNEL_HEIGHT, KERNEL_WIDTH, STRIDE, PAD_TOP, PAD_LEFT,
    ACTIVATION, TENSOR, BUFFER, DROPPED, INPUT, SECOND_INPUT, OUTPUT,
    INPUT_DERIVATIVE, SECOND_DERIVATIVE, DERIVATIVE,
    PARAMETERS, FORWARD, FORWARD64, BACKWARD, BACKWARD64, COUNT, NUMBERS,
) = range(29)  # fmt: skip
MOST_NUMBERS = 4
COLUMNS = NUMBERS + MOST_NUMBERS

# Kinds of layers. ACTIVATE copies its input, for an activation after a layer whose own output is needed too.
CONVOLUTION, DENSE, MAX_POOL, AVERAGE_POOL, BATCH_NORM, LAYER_NORM, DROPOUT, SUM, PLUGIN, ACTIVATE = range(10)

# Activations. The first three are those of `sweepgd.kernels.network`.
RELU, TANH, SIGMOID, IDENTITY = range(4)
