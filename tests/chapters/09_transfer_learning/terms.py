"""Chapter 9: terms with their meanings, sources with their years, answers to recall."""

MEANINGS = {  # the Chinese name, and what the line on a term must tell
    "data augmentation": ("数据增强，图像增广", "keep the label"),
    "geometric transform": ("几何变换", "rotate"),
    "flip": ("翻转", "left for right"),
    "crop": ("裁剪", "a part of the picture"),
    "color jitter": ("颜色扰动", "brightness, hue"),
    "Gaussian noise": ("高斯噪声", "normal number"),
    "coarse dropout, cutout": ("随机擦除", "set to 0"),
    "mixup": ("混合", "two pictures and their labels"),
    "test-time augmentation": ("测试时增强", "average"),
    "transfer learning": ("迁移学习", "used for another"),
    "source, target": ("源域，目标域", "learned from"),
    "instance-based, feature-based, model-based": (
        "基于实例，基于特征，基于模型",
        "examples, representation, weights",
    ),
    "pretrained network": ("预训练模型", "from the source"),
    "linear probe": ("线性探测", "linear layer on frozen features"),
    "fine-tuning": ("微调", "training pretrained weights further"),
    "freeze": ("冻结", "leave parameters as they are"),
    "negative transfer": ("负迁移", "worse than without"),
    "pseudo-label": ("伪标签", "that a network gave"),
}
YEARS = {
    "EfficientNet": ("Tan", 2019),
    "MobileNetV2": ("Sandler", 2018),
    "How transferable are features": ("Yosinski", 2014),
    "Do better ImageNet models": ("Kornblith", 2019),
    "mixup: beyond": ("Zhang", 2018),
    "Improved regularization of convolutional": ("DeVries", 2017),
    "Explicit inductive bias": ("Grandvalet", 2018),
    "Pseudo-label: the simple": ("Lee", 2013),
    "A survey on image data": ("Shorten", 2019),
    "A survey on transfer": ("Pan", 2010),
    "Transfer learning for computer": ("Chilamkurthy", 2017),
}
ANSWERS = {
    "may be used for augmentation": "still give the picture the same label",
    "augmentation with moved images": "Not a better result on images that are not",
    "mixup make a label": "in the shares in which it mixes the pictures",
    "prepare pictures for a borrowed": "None.",
    "features of late blocks": "belong to the classes of the source",
    "What can still change": "running statistics of batch normalization",
    "new layer get a larger rate": "begins at random and has far to go",
    "What is negative transfer": "worse than a start from scratch",
}
