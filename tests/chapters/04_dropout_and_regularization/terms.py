"""Chapter 4: terms with their meanings, sources with their years, answers to recall."""

MEANINGS = {  # the Chinese name, and what the line on a term must tell
    "training error": ("训练误差", "on the examples that were fitted"),
    "generalization error": ("泛化误差", "expected loss on new examples of the same"),
    "generalization gap": ("泛化差距", "generalization error minus training error"),
    "underfitting": ("欠拟合", "not even the training error gets low"),
    "overfitting": ("过拟合", "training error far below the error on new examples"),
    "bias, variance": (
        "偏差，方差",
        "how far the mean of many fits misses; how far the fits scatter about it",
    ),
    "capacity": ("容量", "richness of what a model can express"),
    "early stopping": ("早停法", "the weights of the best validation score"),
    "training, validation, test set": (
        "训练集，验证集，测试集",
        "homework, mock exam, final exam",
    ),
    "k-fold cross-validation": ("K 折交叉验证", "each of k parts is validated on once"),
    "regularization": (
        "正则化",
        "any change meant to lower the generalization error, though not the training ",
    ),
    "penalty": ("惩罚项", "a charge for large weights, added to the loss"),
    "L1, lasso": ("L1 正则化", "absolute weights; exact zeros by a soft threshold"),
    "L2, ridge": ("L2 正则化，岭回归", "sum of squared weights; small, not zero"),
    "proximal step": ("近端步", "a step on the loss alone, then the soft threshold"),
    "weight decay": ("权重衰减", "shrink all weights by a factor in each step"),
    "sparse": ("稀疏", "most entries are exactly 0"),
    "dropout": ("丢弃法（暂退法）", "at random in training, scale up the rest"),
    "ensemble": ("集成", "several models whose outputs are averaged"),
    "double descent": ("双下降", "past the width that fits everything the error falls"),
    "label smoothing": ("标签平滑", "one-hot labels mixed with uniform ones"),
    "distillation": ("知识蒸馏", "from the probabilities of another network"),
    "over-confidence": ("过度自信", "probabilities higher than the share of right"),
}
YEARS = {
    "Ridge regression": ("Hoerl", 1970),
    "Regression shrinkage and selection": ("Tibshirani", 1996),
    "Dropout: a simple way": ("Srivastava, G. Hinton", 2014),
    "Neural networks and the bias/variance": ("Geman", 1992),
    "Understanding deep learning requires": ("Zhang, S. Bengio", 2017),
    "Rethinking the Inception": ("Szegedy", 2016),
    "Decoupled weight decay": ("Loshchilov, F. Hutter", 2019),
    "Cross-validatory choice": ("Stone", 1974),
    "Reconciling modern": ("Belkin", 2019),
    "Training with noise is equivalent": ("Bishop", 1995),
    "Distilling the knowledge": ("Hinton, O. Vinyals, J. Dean", 2015),
    "Deep double descent": ("Nakkiran", 2020),
    "Deep Learning": ("Goodfellow", 2016),
}
ANSWERS = {
    "A training accuracy of 100 %": "Nothing by itself. A network reaches it with labe",
    "Which three parts add up to the mean error": (
        "Bias squared, variance, and the variance of the noise. As a rule "
        "richer models have less of the first and more of the second, up to the size "
        "that fits every training example."
    ),
    "has fallen for ten epochs": "the weights of the best epoch: early stopping",
    "the best of many models by its test score": "the best of many is partly the luck",
    "Which penalty makes weights exactly 0": (
        "L1, with a proximal step: the soft threshold after each step on the loss "
        "alone."
    ),
    "Are L2 and weight decay the same": (
        "For plain SGD they are. With momentum, torch's option is still the penalty, "
        "but no longer one factor in each step: the momentum carries the pull along. "
        "Adam divides the pull by the recent size of the gradient; AdamW shrinks the "
        "weights apart from it."
    ),
    "What does dropout do in training": (
        "it sets each unit to 0 with probability $p$ and divides the others by "
        "$1 - p$; in use, after `net.eval()`, it does nothing."
    ),
    "Why can 3,200 units do better than 200 on 200 images": (
        "With 200 there is one way to fit them, with enormous weights. With more "
        "units there are many ways, and the shortest has small weights."
    ),
}
