"""Chapter 1: terms with their meanings, sources with their years, answers to recall."""

import pytest

from tests.taught import source_of, terms_of, text_of

MEANINGS = {  # the Chinese name, and what the line on a term must tell
    "artificial intelligence": ("人工智能", "called intelligent in people"),
    "machine learning": ("机器学习", "fitted to examples"),
    "deep learning": ("深度学习", "many layers"),
    "model": ("模型", "numbers in it that are fitted"),
    "weight, bias": ("权重，偏置", "factors of a weighted sum, and what is added"),
    "tensor": ("张量", "any number of axes"),
    "shape": ("形状", "lengths along the axes"),
    "broadcasting": ("广播机制", "of length 1 is repeated"),
    "vector, matrix": ("向量，矩阵", "with one axis, with two"),
    "inner product": ("内积（数量积）", "sum of the products"),
    "norm": ("范数", "the size of a vector"),
    "transpose": ("转置", "rows become columns"),
    "eigenvalue, eigenvector": ("特征值，特征向量", r"\mathbf{Av} = \lambda\mathbf v"),
    "determinant": ("行列式", "areas grow"),
    "inverse matrix": ("逆矩阵", "undoes"),
    "adjugate matrix": ("伴随矩阵", "transposed matrix of cofactors"),
    "row operation": ("初等行变换", "exchange, scale, add a multiple"),
    "positive (semi)definite": ("（半）正定", "positive (not negative)"),
    "chain rule": ("链式法则", "nested functions multiply"),
    "gradient": ("梯度", "vector of the partial derivatives"),
    "directional derivative": ("方向导数", "along a unit vector"),
    "Hessian matrix": ("黑塞矩阵（Hessian 矩阵）", "second derivatives"),
    "curvature": ("曲率", "at which a slope grows"),
    "Taylor expansion": ("泰勒展开", "value, slope and curvature"),
    "stationary point": ("驻点", "the gradient is zero"),
    "saddle point": ("鞍点", "a minimum one way and a maximum another"),
    "automatic differentiation": ("自动求导（自动微分）", "recorded operations"),
    "computation graph": ("计算图", "that record"),
    "leaf": ("叶子节点", "a beginning of that record"),
    "gradient descent": ("梯度下降", "steps against the gradient"),
    "learning rate": ("学习率", "between gradient and step"),
    "optimizer": ("优化器", "a rule that changes the weights"),
    "condition number": ("条件数", "largest curvature over smallest"),
    "linear regression": ("线性回归", "weighted sum that predicts a number"),
    "squared error": ("平方误差", "half the squared difference"),
    "least squares": ("最小二乘法", "smallest squared error"),
    "normal equations": ("正规方程", "equations that least squares must solve"),
    "regression, classification": ("回归，分类", "a number, a class"),
    "one-vs-rest": ("一对多（一对其余）", "one binary classifier for each class"),
    "derivative": ("导数", "the slope that ever closer points agree on"),
    "backpropagation": ("反向传播", "from the result back"),
    "loss": ("损失", "how bad"),
    "epoch, minibatch": (
        "轮，小批量",
        "one pass over all examples; the examples of one",
    ),
    "residual": ("残差", "leaves over"),
    "likelihood": ("似然", "how probable a model makes the examples"),
    "logistic regression": ("逻辑回归（对数几率回归）", "bent into a probability"),
    "standardizing": ("标准化", "mean 0 and standard deviation 1"),
}
YEARS = {
    "Introduction to Linear Algebra": ("Strang", 2016),
    "Deep Learning": ("Goodfellow", 2016),
    "Numerical Optimization": ("Nocedal", 2006),
    "The Elements of Statistical Learning": ("Hastie", 2009),
    "Automatic differentiation in machine": ("Baydin", 2018),
    "Pattern Recognition and Machine": ("Bishop", 2006),
    "Learning representations by back": ("Rumelhart", 1986),
    "Efficient BackProp": ("LeCun", 1998),
}
ANSWERS = {
    "for shapes (5, 1) and (5,)": "A table of all pairs, (5, 5)",
    "Which axis disappears": "Axis 0: the rows are added up",
    "the derivative of f(g(x))": "the slopes multiply",
    "Where does the gradient point": "rises fastest; it is as long as the slope",
    "zero_grad": "`backward` adds to `.grad`",
    "Why is the error squared": "If the noise is Gaussian",
    "the eigenvalues of the Hessian": "All positive: a minimum. All negative: a maximu",
    "At which learning rate": r"Above $2/\lambda_{\max}$.",
}


def test_every_term_is_held():
    rows = terms_of("01")
    assert {row[0] for row in rows} - set(MEANINGS) == {"English"}


def test_slopes_multiply_in_three_terms_that_stand_together():
    names = [row[0] for row in terms_of("01")]
    first = names.index("derivative")
    assert names[first + 1 : first + 3] == ["chain rule", "backpropagation"]


@pytest.mark.parametrize("english", MEANINGS)
def test_a_term_has_its_chinese_name_and_its_meaning(english):
    chinese, meaning = MEANINGS[english]
    rows = terms_of("01")
    ((_, name, told),) = (row for row in rows if row[0] == english)
    assert name == chinese and meaning in told
    assert [row[1] for row in rows].count(name) == 1


@pytest.mark.parametrize("title", YEARS)
def test_a_source_has_its_authors_and_its_year(title):
    author, year = YEARS[title]
    (line,) = (x for x in source_of("01", "sources").split("\n- ") if f"*{title}" in x)
    authors, _, rest = line.partition(f" ({year}), *")
    assert rest and author in authors


@pytest.mark.parametrize("question", ANSWERS)
def test_an_answer_stands_under_its_question(question):
    folded = text_of("01", "recall-questions").split("<details><summary>")[1:]
    assert len(folded) == len(ANSWERS)
    (one,) = (part for part in folded if question in part.partition("</summary>")[0])
    assert ANSWERS[question] in one.partition("</summary>")[2]
