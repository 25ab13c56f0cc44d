"""What the analysis knows of PyTorch and of the names people use. Data, with the source of each group."""

from __future__ import annotations

import re

# Layers whose forward depends on `training` (torch.nn documentation, "Dropout" and "Normalization" layers).
# LayerNorm and GroupNorm never do.
SENSITIVE_LAYERS = frozenset(
    "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout RReLU "
    "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm "
    "LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d".split()
)
# Layers that depend on it where they are told to keep running statistics, and where they are told so.
TRACKING_LAYERS = frozenset(f"{lazy}InstanceNorm{dims}d" for lazy in ("", "Lazy") for dims in (1, 2, 3))
TRACKING_POSITION = 4  # nn.InstanceNorm2d(num_features, eps, momentum, affine, track_running_stats)

# What everybody calls the parts of torch: meant where a file takes such a name from a star import.
CUSTOMARY = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional"}

# Layers with a `dropout` argument that is 0 unless given (RNNs), or 0.1 unless given (transformers).
DROPOUT_ARGUMENT = {
    "LSTM": 0.0,
    "GRU": 0.0,
    "RNN": 0.0,
    "MultiheadAttention": 0.0,
    "TransformerEncoderLayer": 0.1,
    "TransformerDecoderLayer": 0.1,
    "Transformer": 0.1,
}
# Positions of that argument, self excluded: nn.MultiheadAttention(embed_dim, num_heads, dropout), ...
DROPOUT_POSITION = {
    "MultiheadAttention": 2,
    "TransformerEncoderLayer": 3,
    "TransformerDecoderLayer": 3,
    "Transformer": 5,
    "LSTM": 5,
    "GRU": 5,
    "RNN": 6,
}
CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})

# Functional dropouts whose `training` is True unless told (torch.nn.functional documentation).
ALWAYS_ON_DROPOUTS = frozenset(f"torch.nn.functional.dropout{dims}" for dims in ("", "1d", "2d", "3d"))

# Wrappers that hand the modes of the wrapped model through.
WRAPPERS = frozenset(
    {
        "DataParallel",
        "DistributedDataParallel",
        "DDP",
        "FullyShardedDataParallel",
        "FSDP",
        "compile",
        "convert_sync_batchnorm",
        "unwrap_model",
        "script",
        "optimize",
        "partial",
    }
)
# What comes from here copies the model that it is given, in its mode (its documentation, "Quantization").
COPIERS = ("torch.quantization.", "torch.ao.quantization.")
# Methods of a module that return the module itself.
FLUENT = frozenset(
    "to cuda cpu half float double bfloat16 type requires_grad_ apply share_memory "
    "xpu mps npu to_empty".split()
)
# Methods that give back all that they are given, made ready: of accelerate's, Lightning's and ray's.
PREPARING = frozenset("prepare setup setup_module prepare_model unwrap_model".split())
# Calls that are handed a model and leave its mode alone.
HARMLESS = frozenset(
    "super print len isinstance type id hasattr getattr setattr next iter sum list str repr vars save "
    "summary Adam AdamW SGD RMSprop Adagrad Adadelta NAdam RAdam LBFGS watch info debug "
    "clip_grad_norm_ clip_grad_value_ count_parameters accumulate no_sync".split()
)
# Classes out of view that switch the model which they are built with (their source).
SWITCHING = ("pytorch_grad_cam.",)
# Methods that only a module has: who is called with one of these is a model.
MODULE_METHODS = frozenset(
    "eval train parameters named_parameters state_dict load_state_dict zero_grad modules children "
    "named_modules".split()
)
# Methods that tensors have as well, or that hook a module: who is called, and with one of these, is a model.
MOVES = frozenset("to cuda cpu half register_forward_hook register_forward_pre_hook".split())
# Those of them that optimizers, schedulers and scalers have as well.
SHARED_METHODS = frozenset({"state_dict", "load_state_dict", "zero_grad"})
# Constructors of models in libraries: they return a module in TRAIN.
LIBRARY_MODELS = (
    "torchvision.models.",
    "timm.create_model",
    "timm.models.",
    "segmentation_models_pytorch.",
    "efficientnet_pytorch.",
    "torch.nn.",
)
# Modules and functions of these do the same in both modes (their source): transforms, metrics, layer norms.
MODELESS = (
    "apex.normalization.",
    "torchaudio.transforms.",
    "torchaudio.functional.",
    "torchvision.transforms.",
    "torchmetrics.",
    "einops.",
    # Embeddings and propagations that hold no layer but parameters.
    "torch_geometric.nn.LabelPropagation",
    "torch_geometric.nn.CorrectAndSmooth",
    "torch_geometric.nn.MetaPath2Vec",
    "torch_geometric.nn.Node2Vec",
    "torch_geometric.transforms.",
    # Operations on images; its networks lie in `feature`, `contrib` and `models`.
    "kornia.augmentation.",
    "kornia.color.",
    "kornia.enhance.",
    "kornia.filters.",
    "kornia.geometry.",
    "kornia.morphology.",
)
# What these return has the mode that it was saved with.
PICKLES = frozenset(
    {
        "torch.load",
        "torch.jit.load",
        "pickle.load",
        "pickle.loads",
        "dill.load",
        "cloudpickle.load",
        "joblib.load",
    }
)
# Other frameworks: what these build is no module of torch, whatever it is called.
FOREIGN = (
    "gluoncv.",
    "chainer.",
    "tensorflow.",
    "tensorflow_hub.",
    "keras.",
    "tf_keras.",
    "jax.",
    "flax.",
    "haiku.",
    "mxnet.",
    "paddle.",
    "sklearn.",
)
# Methods that a trainer calls in EVAL (transformers' source, `Trainer.evaluation_loop`).
EVALUATION_HOOKS = frozenset({"prediction_step"})
# Those that Lightning calls in EVAL, of a module or a mixin of one (its documentation, "Trainer").
LIGHTNING_HOOKS = frozenset({"validation_step", "test_step", "predict_step"})
# Networks of libraries that see to their own mode where they are built (their source, `eval_mode=True`).
OWN_MODE = ("lpips.LPIPS", "lpips.PerceptualLoss")
# Libraries whose `from_pretrained` returns a model in EVAL (transformers documentation, "PreTrainedModel").
EVAL_LOADERS = ("transformers.", "diffusers.", "pytorch_transformers.", "peft.")
# Data leaves the graph here: what comes out says nothing about training.
READING = frozenset("argmax topk multinomial max item numpy tolist".split())  # a result is looked at
DETACHING = frozenset("item detach numpy tolist data detach_ no_grad".split())
# List and dict methods that put their argument into their owner.
COLLECTING = frozenset("append extend insert add update setdefault appendleft".split())

_MODEL_NAME = re.compile(
    r"(^|_)(models?|nets?|network|generator|discriminator|encoder|decoder|classifier|backbone"
    r"|critic|actor|policy|student|teacher|ema|module|unet|resnet|vgg|gan|vae|lstm|gru|rnn|cnn|mlp|transformer|bert|gpt|net[gd]"
    r"|[gd]_net|q_net|seq2seq|autoencoder|regressor|predictor|embedder|detector|segmentor)\d*($|_)"
    r"|^(net[A-Z]|[GD]$)|Net$|Model$|[a-z](model|(?<!da)(?<!pla)(?<!mag)(?<!inter)(?<!tel)net)$",
)
# Of these, the names that nothing but a network has; an encoder or a generator may be any object.
_OUTRIGHT = re.compile(
    r"(^|_)(models?|nets?|network|unet|resnet|vgg|bert|gpt|lstm|gru|rnn|cnn|mlp)\d*($|_)|(model|net|Net|Model)\d*$"
)
_NO_MODEL_NAME = re.compile(
    r"(num_|_size|_dim|hidden|optim|criteri|loss|sched|scaler|token|metric|dataset|loader|transform|path|name|dir|config|cfg|args|opt$"
    r"|file|output|inputs?$|result|pred|state|dict|params|logger|writer|processor|type|class"
    r"|(^|_)(fn|func|function)$|_(sample|step|call|run|forward|predict)s?$|checkpoint|saver|handler|manager|accelerat|sampler|tracker|registry"
    r"|^(to|build|create|make|get|load|init|define|save|setup|prepare|unwrap"
    r"|store|restore|register|update|reset|swap|compute|calc|calculate|measure|compare|check|evaluate|validate"
    r"|reorder|extract|scale|apply|run|call|infer|forward(?=_(encoder|decoder|backbone|transformer))"
    r"|plot|print|log|fit|list|count|has|is|add|remove|select|find|convert|export|summari[sz]e)_"
    r"|(param|rand|random|number|seed|data|batch|anchor|prior|grid|id|name)s?_gen(erator)?$)",
    re.IGNORECASE,
)
_DOING_NAME = re.compile(r"(train|test|eval)_(model|net|network)s?$")
_EVALUATION_NAME = re.compile(
    r"(^|_)(valid\w*|val|test\w*|eval\w*|predict\w*|infer\w*|inference|sample\w*|generate\w*|accuracy|score"
    r"|demo|visuali[sz]e\w*|translate|decode|bench\w*|latency|throughput|fps|speed_?test|metrics?)($|_)",
    re.IGNORECASE,
)
_INFERENCE_NAME = re.compile(
    r"(^|_)(predict\w*|infer\w*|sample\w*|generate\w*|demo|visuali[sz]e\w*|translate|decode)($|_)",
    re.IGNORECASE,
)
_CONVERSION_NAME = re.compile(r"merge|unload|fuse|clone|copy|convert|quanti[sz]e|_model$")
# Helpers that are handed a model to write or count something, or to make what only holds its parameters.
_HARMLESS_NAME = re.compile(
    r"^(save|log|print|count|dump|backup)(_|$)|(^|_)(optimi[sz]er|(lr_)?schedul(er)?)s?$"
)
_STEP_NAME = re.compile(r"backward|backprop|scaler|step|optimi[sz]e(?!r)|minimi[sz]e|update", re.IGNORECASE)
_OPTIMIZER_NAME = re.compile(r"(^|_)optim(izer)?s?(_|\d*$)|^opt(_\w+)?$", re.IGNORECASE)
_PARAMETERS_NAME = re.compile(
    r"^(?!count|num|load|init|save|reset|print|set|freeze|check)(\w+_)?param(eter)?s(_groups?)?$"
)
_MAKING_NAME = re.compile(r"(from|get|load|build|create|make|restore)(_|$)")
_LOADING_NAME = re.compile(
    r"load|restore|pretrain|checkpoint|ckpt|(get|set|copy|import|fetch|convert|transfer)\w*_weights|^weights$",
    re.IGNORECASE,
)
# Words at a place that say that a mode which looks wrong is meant (rules.md, "What must not be flagged").
_DRAWS = (
    r"mc[_ -]?drop|monte[_ -]?carlo|bayes|uncertaint|enable_dropout|test[_ -]time[_ -]adapt|\btta\b|\btent\b"
    r"|\bmc[_ ](predict|forward|sampl|infer|pass|estimat)"
)
_SAYS_IT_DRAWS = re.compile(_DRAWS, re.IGNORECASE)
_DELIBERATE = re.compile(
    rf"{_DRAWS}|adapt|re-?estimat|recalibrat|update_bn|bn_update|maml|meta[_ -]?learn|inner_loop|frozen|freez"
    r"|standing_stat|re(set|calculate)_\w*stat"
    r"|on purpose|intention|deliberate|keep .*(bn|batch ?norm|dropout|statistics)|fix .*(bn|batch ?norm)",
    re.IGNORECASE,
)


def names_parameters(name: str) -> bool:
    """Whether people call so what an optimizer is made of: "named_parameters", "get_1x_lr_params"."""
    return bool(_PARAMETERS_NAME.search(name))


def leaves_the_mode_alone(name: str) -> bool:
    """Whether a call out of view is handed a model for something else: "print", "build_optimizer"."""
    return name in HARMLESS or bool(_HARMLESS_NAME.search(name))


def names_a_model(name: str) -> bool:
    """Whether people call models so: "model", "netG", "self.encoder" (the last part counts)."""
    return bool(_MODEL_NAME.search(name.rpartition(".")[2])) and not names_something_else(name)


def names_a_doing(name: str) -> bool:
    """Whether an attribute that is called is so named for what it does: `framework.eval_model(loader)`."""
    return bool(_DOING_NAME.match(name.rpartition(".")[2]))


def names_a_class(name: str) -> bool:
    """Whether people call classes so: "BenchmarkModel", "Net". A capitalized attribute may hold an object."""
    return re.match(r"[A-Z][a-z]+([A-Z]\w*)?$", name) is not None


def names_a_network(name: str) -> bool:
    """Whether some part of a name can mean nothing else: "self.model.decoder", "actmodel", not "decoder"."""
    return any(_OUTRIGHT.search(part) for part in name.split("."))


def names_something_else(name: str) -> bool:
    """Whether people call no model so: "optimizer", "loss_scaler", "model_path" (the last part counts)."""
    return bool(_NO_MODEL_NAME.search(name.rpartition(".")[2]))


def names_an_evaluation(name: str) -> bool:
    """Whether people call evaluating functions so: "validate", "run_test", "Trainer.eval_epoch"."""
    snake = _snake(name)
    return bool(_EVALUATION_NAME.search(snake)) and not re.search(r"(^|_)train", snake)


def names_a_training(name: str) -> bool:
    """Whether people call training functions so: "train_one_epoch", "Trainer.training_step"."""
    return bool(re.search(r"(^|_)train(?!ed)", _snake(name)))


def names_a_switch(name: str) -> bool:
    """Whether methods that switch a model to EVAL are called so: "eval_mode", "set_eval", "set_to_eval"."""
    return bool(re.search(r"(^|_)eval(_mode)?$", name))


def names_a_summary(name: str) -> bool:
    """Whether people call so what runs a model to describe it: "print_module_summary", "count_flops"."""
    return bool(
        re.search(r"(^|_)(summary|summari[sz]e|flops|g?macs|complexity|latency)(_|$)", _snake(name).lower())
    )


def names_a_conversion(name: str) -> bool:
    """Whether people call so what makes another model of one: "merge_and_unload", "fuse", "clone"."""
    return bool(_CONVERSION_NAME.search(name))


def names_a_step(name: str) -> bool:
    """Whether people call so what goes backward and steps: "loss_scaler", "backprop", "update_weights"."""
    return bool(_STEP_NAME.search(name))


def names_an_optimizer(name: str) -> bool:
    """Whether people call optimizers so: "optimizer", "self.optim_g", "opt" (the last part counts)."""
    return bool(_OPTIMIZER_NAME.search(name.rpartition(".")[2]))


def names_a_loading(name: str) -> bool:
    """Whether people call so what brings weights: "load_state_dict", "pretrained", "restore_checkpoint".

    The last part counts; `init_weights` and `self.weights.view` bring none.
    """
    return bool(_LOADING_NAME.search(name.rpartition(".")[2]))


def names_a_making(name: str) -> bool:
    """Whether people call so what makes an object: "from_config", "get_pretrained", "load"."""
    return bool(_MAKING_NAME.match(name))


def names_an_inference(name: str) -> bool:
    """Whether people call so what makes predictions to use, not to judge: "predict", "sample_images"."""
    return bool(_INFERENCE_NAME.search(_snake(name)))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.rpartition(".")[2])


def says_it_draws(text: str) -> bool:
    """Whether a docstring says that an evaluation is random on purpose: "Monte-Carlo dropout"."""
    return bool(_SAYS_IT_DRAWS.search(text))


def says_deliberate(text: str) -> bool:
    """Whether a name or comment says that the unusual mode is meant."""
    return bool(_DELIBERATE.search(text))
