//! Blocks of the language as data, to be written out: what `charter import` makes of what lives on
//! the servers. Names and values are as they are; escaping is the writer's matter.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A truth value.
    Bool(bool),
    /// A whole number, in its digits.
    Number(u64),
    /// A text.
    Text(String),
    /// A reference, as the language writes it: `role.analyst`, `tenant.listed["acme"].role`.
    Ref(String),
    /// A text with references in it.
    Join(Vec<Expr>),
    /// A list.
    List(Vec<Expr>),
    /// A map.
    Map(Vec<(String, Expr)>),
    /// A function's value.
    Call(&'static str, Vec<Expr>),
}

/// Something in a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An attribute.
    Attr(String, Expr),
    /// A nested block.
    Block(Block),
    /// A remark, which may have several lines.
    Comment(String),
}

/// A block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Its type.
    pub word: String,
    /// Its label.
    pub label: Option<String>,
    /// Remarks that stand before it; each may have several lines.
    pub comments: Vec<String>,
    /// What is in it.
    pub items: Vec<Item>,
}

impl Block {
    /// Returns an empty block without a label.
    pub fn new(word: &str) -> Self {
        Self { word: word.to_owned(), label: None, comments: Vec::new(), items: Vec::new() }
    }

    /// Returns an empty block with a label.
    pub fn labelled(word: &str, label: &str) -> Self {
        Self { label: Some(label.to_owned()), ..Self::new(word) }
    }

    /// Adds an attribute.
    pub fn attr(&mut self, name: &str, value: impl Into<Expr>) {
        self.items.push(Item::Attr(name.to_owned(), value.into()));
    }

    /// Adds the attribute that names the object where its label does not.
    pub fn named(&mut self, attr: &str, name: &str) {
        if self.label.as_deref() != Some(name) {
            self.attr(attr, name);
        }
    }

    /// Adds a nested block.
    pub fn block(&mut self, block: Block) {
        self.items.push(Item::Block(block));
    }

    /// Puts attributes and remarks before nested blocks.
    #[must_use]
    pub fn arranged(mut self) -> Self {
        self.items.sort_by_key(|item| matches!(item, Item::Block(_)));
        self
    }

    /// Adds a remark inside.
    pub fn remark(&mut self, text: impl Into<String>) {
        self.items.push(Item::Comment(text.into()));
    }

    /// Adds a remark before it.
    pub fn comment(&mut self, text: impl Into<String>) {
        self.comments.push(text.into());
    }
}

impl Expr {
    /// Returns a list of texts.
    pub fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(|item| Self::Text(item.into())).collect())
    }

    /// Returns a text as a number where it is a whole one in its plain form, else as a text.
    pub fn plain(text: &str) -> Self {
        let canonical = text.len() <= 15 && (text == "0" || !text.starts_with('0'));
        match text.parse::<u64>() {
            Ok(number) if canonical && text.bytes().all(|byte| byte.is_ascii_digit()) => Self::Number(number),
            _ => Self::Text(text.to_owned()),
        }
    }
}

impl From<&str> for Expr {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Expr {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Expr {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
