"""Functions of networks, batch first and parameters positional: the operations that layers call, gathered by name."""

from ..ops.activation import *
from ..ops.convolution import *
from ..ops.network import *
from ..ops.normalization import *
from ..ops.product import affine as affine
from ..ops.softmax import *
