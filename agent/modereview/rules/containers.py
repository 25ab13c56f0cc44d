"""torch's containers of modules, and where one can take the place of a plain list or dict."""

from __future__ import annotations

from modereview.analyze import ir, walk
from modereview.records import Program
from modereview.rules import lookup
from modereview.rules.held import Held

# Methods of the containers that are those of a list or dict as well (torch.nn.modules.container).
_HAS = {
    "ModuleList": frozenset("append extend insert pop".split()),
    "ModuleDict": frozenset("clear items keys pop update values".split()),
}
# `nn.ModuleDict` takes no layer under a name that it has itself: dir(nn.ModuleDict()), torch 2.13.
_TAKEN = frozenset(
    "T_destination add_module apply bfloat16 buffers call_super_init children clear compile cpu cuda double "
    "dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half "
    "ipu items keys load_state_dict modules mtia named_buffers named_children named_modules named_parameters "
    "parameters pop register_backward_hook register_buffer register_forward_hook register_forward_pre_hook "
    "register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook "
    "register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook "
    "register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to "
    "to_empty train training type update values xpu zero_grad".split()
)


def fit(program: Program, each: Held, kind: str) -> bool:
    """Whether the container can take its place: its keys are free, and nothing asks for what it lacks."""
    pairs = each.value.items if isinstance(each.value, ir.Pairs) else ()
    keys = [str(lookup.constant(key)) for key, _ in pairs]
    if any(key in _TAKEN or "." in key or not key for key in keys):
        return False
    attr = each.attr.removeprefix("self.")
    return not any(
        isinstance(e, ir.Attr)
        and isinstance(e.base, ir.Attr)
        and e.base.name == attr
        and e.name not in _HAS[kind]
        for _, body in lookup.scopes(program)
        for e in walk.all_expressions(body)
    )
