//! What a block may hold. Configuration is checked against it before a kind sees it, so that every
//! kind's mistakes are reported in the same way, at their spans.

/// The type of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A text.
    String,
    /// A number.
    Number,
    /// A truth value.
    Bool,
    /// A list, or a set, of one type.
    List(Box<Type>),
    /// A map from texts to one type.
    Map(Box<Type>),
    /// A reference to a resource of one of these kinds (`role.analyst`), or the name of a real
    /// object as a text.
    Ref(&'static [&'static str]),
    /// A list of such references, or one of a few words in its place (`"all"`, `"none"`).
    Refs {
        /// The kinds that may be referred to.
        kinds: &'static [&'static str],
        /// The words.
        words: &'static [&'static str],
    },
    /// Anything.
    Any,
}

impl Type {
    /// Returns a list of this type.
    #[must_use]
    pub fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    /// Returns a map to this type.
    #[must_use]
    pub fn map(self) -> Self {
        Self::Map(Box::new(self))
    }

    /// Returns the type as the language writes it.
    pub fn describe(&self) -> String {
        match self {
            Self::String => "string".into(),
            Self::Number => "number".into(),
            Self::Bool => "bool".into(),
            Self::List(of) => format!("list({})", of.describe()),
            Self::Map(of) => format!("map({})", of.describe()),
            Self::Ref(kinds) => format!("reference to a {}", kinds.join(" or ")),
            Self::Refs { kinds, words } => {
                let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                format!("list(reference to a {}) or {}", kinds.join(" or "), words.join(" or "))
            }
            Self::Any => "any".into(),
        }
    }
}

/// One attribute of a block.
#[derive(Clone, Debug)]
pub struct AttrSchema {
    /// The name.
    pub name: &'static str,
    /// The type.
    pub ty: Type,
    /// Whether the block is wrong without it.
    pub required: bool,
    /// Whether sensitive values may stand in it; elsewhere they are an error, because a name, a
    /// number or a list that decides something cannot be hidden.
    pub sensitive: bool,
    /// Whether `ignore_changes` may name it: its differences are told under its own name.
    pub ignorable: bool,
    /// One sentence for people.
    pub doc: &'static str,
}

/// How often a nested block may stand in its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Not at all or once.
    Optional,
    /// Any number of times.
    Many,
}

/// A block: its attributes and nested blocks. Meta-arguments (`for_each`, `depends_on`,
/// `lifecycle`) belong to the language and are not listed here.
#[derive(Clone, Debug, Default)]
pub struct BlockSchema {
    /// The attributes.
    pub attrs: Vec<AttrSchema>,
    /// The nested blocks by name.
    pub blocks: Vec<(&'static str, Arity, BlockSchema)>,
    /// What other blocks may refer to (`tenant.acme.database`), by name.
    pub exports: Vec<&'static str>,
}

impl BlockSchema {
    /// Adds an attribute that may be left out.
    #[must_use]
    pub fn optional(self, name: &'static str, ty: Type, doc: &'static str) -> Self {
        self.with(name, ty, false, doc)
    }

    /// Adds an attribute that must be there.
    #[must_use]
    pub fn required(self, name: &'static str, ty: Type, doc: &'static str) -> Self {
        self.with(name, ty, true, doc)
    }

    fn with(mut self, name: &'static str, ty: Type, required: bool, doc: &'static str) -> Self {
        self.attrs.push(AttrSchema { name, ty, required, sensitive: false, ignorable: false, doc });
        self
    }

    /// Lets sensitive values stand in these attributes, as [`super::Value::Secret`] leaves. The
    /// kind has to take them: [`super::Body::string`] and the like do not see them.
    #[must_use]
    pub fn accepts_sensitive(mut self, names: &[&str]) -> Self {
        for attr in &mut self.attrs {
            attr.sensitive |= names.contains(&attr.name);
        }
        self
    }

    /// Lets `ignore_changes` name these attributes.
    #[must_use]
    pub fn ignorable(mut self, names: &[&str]) -> Self {
        for attr in &mut self.attrs {
            attr.ignorable |= names.contains(&attr.name);
        }
        self
    }

    /// Adds a nested block.
    #[must_use]
    pub fn block(mut self, name: &'static str, arity: Arity, schema: BlockSchema) -> Self {
        self.blocks.push((name, arity, schema));
        self
    }

    /// Says what other blocks may refer to.
    #[must_use]
    pub fn exports(mut self, names: &[&'static str]) -> Self {
        self.exports.extend(names);
        self
    }

    /// Returns an attribute by name.
    pub fn attr(&self, name: &str) -> Option<&AttrSchema> {
        self.attrs.iter().find(|attr| attr.name == name)
    }
}
