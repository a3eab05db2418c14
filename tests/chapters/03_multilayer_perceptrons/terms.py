"""Chapter 3: terms with their meanings, sources with their years, answers to recall."""

MEANINGS = {  # the Chinese name, and what the line on a term must tell
    "multilayer perceptron": ("多层感知机", "with non-linear functions between them"),
    "neuron, dendrite, axon": (
        "神经元，树突，轴突",
        "nerve cell, its inputs, its output",
    ),
    "synapse": ("突触", "an axon with another neuron's dendrite"),
    "hidden layer": ("隐藏层", "outputs are not the network's"),
    "activation (transfer) function": ("激活（传输）函数", "after a layer"),
    "saturation": ("饱和", "flat, and passes on no gradient"),
    "universal approximation": ("通用近似", "any continuous function, on a closed and"),
    "forward propagation": (
        "前向传播",
        "compute and store all layers, input to output",
    ),
    "backpropagation": ("反向传播", "output to input"),
    "error signal": ("误差信号", "with respect to a unit's sum"),
    "dead unit": ("死神经元", "0 for every input"),
    "SiLU (swish), GELU": ("SiLU，GELU", "ReLU with its corner rounded off"),
    "momentum": ("动量", "fading sum of gradients"),
    "threshold": ("阈值", "minus the bias"),
    "parameter tying": ("参数绑定", "one parameter used in several places"),
    "state dict": ("状态字典", "names to tensors"),
    "stride of a tensor": ("步长", "distance in memory of one step along an axis"),
    "symmetry": ("对称性", "equal weights stay equal"),
    "Xavier, Kaiming initialization": (
        "Xavier、Kaiming 初始化",
        r"weight variance $2/(n_\text{in}+n_\text{out})$, $2/n_\text{in}$",
    ),
    "vanishing, exploding gradient": ("梯度消失，梯度爆炸", "factors below, above 1"),
    "generalization error": ("泛化误差", "on examples never seen"),
}
YEARS = {
    "A logical calculus of the ideas": ("McCulloch", 1943),
    "The perceptron: a probabilistic": ("Rosenblatt", 1958),
    "Perceptrons": ("Minsky", 1969),
    "Learning representations by back": ("Rumelhart", 1986),
    "Approximation by superpositions": ("Cybenko", 1989),
    "Understanding the difficulty of": ("Glorot", 2010),
    "Delving deep into rectifiers": ("He", 2015),
    "Identifying and attacking the saddle": ("Dauphin", 2014),
    "Deep Learning": ("Goodfellow", 2016),
    "Understanding Deep Learning": ("Prince", 2023),
    "Gaussian error linear units": ("Hendrycks", 2016),
}
ANSWERS = {
    "Why can no line separate XOR": "The hidden layer moves the points until a line c",
    "ten linear layers": "What one linear layer can",
    "the universal approximation theorem not": "How many units are enough, that train",
    "need the values of the forward": "signal after it times the value before it",
    "the error signal of a hidden unit": "From all units of the next layer",
    "Why must initial weights be random": (
        r"$2/n_\text{in}$ keeps the size of the signal"
    ),
    "deep sigmoid network lose": "at most ¼; besides, its outputs are never negative",
    "What is a dead unit": "A ReLU whose sum is negative for every input",
}
