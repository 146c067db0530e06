//! The codes of what there is to say of removals.

use crate::model::Severity;
use crate::plan::lint::Code;

/// A `removed` block that names nothing.
pub const UNKNOWN: Code = Code {
    code: "CH150",
    title: "Removes nothing that is recorded.",
    severity: Severity::Warning,
    doc: "A `removed` block names an address at which nothing was ever recorded here: a slip, or an environment that never had it.",
};

/// A database that stays while its access goes.
pub const DATA_KEPT: Code = Code {
    code: "CH151",
    title: "Removed, but for its data.",
    severity: Severity::Warning,
    doc: "A `removed` block takes access away and keeps what holds data, unless it says `data_loss = \"allow\"`.",
};

/// A removal of what is protected.
pub const PROTECTED: Code = Code {
    code: "CH152",
    title: "Protected from removal.",
    severity: Severity::Error,
    doc: "What was declared with `prevent_destroy = true` is recorded as protected, and its block going away does not change that.",
};

/// What is left of a removal whose block is gone.
pub const UNFINISHED: Code = Code {
    code: "CH153",
    title: "Removed in part, the rest is kept.",
    severity: Severity::Warning,
    doc: "A removal took some objects of a block away, and no `removed` block asks for the rest any more.",
};
