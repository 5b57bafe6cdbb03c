//! Parameters of queries.

/// A parameter of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
    pub(crate) value: Value,
    pub(crate) example: &'static str,
}

/// What the value of a parameter is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// `true` or `false`.
    Flag,
    /// A whole number between two.
    Number(u64, u64),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A text that is not empty; longer ones than this many characters are refused.
    Text(usize),
    /// A text that matches a regular expression, which is there for readers: the handler says what is wrong.
    Written(&'static str),
}

/// A time from 1s to 24h, as it is commonly written.
macro_rules! span {
    () => {
        "(24h|1d|([1-9]|1[0-9]|2[0-3])h([1-5]?[0-9]m)?([1-5]?[0-9]s)?|[1-9][0-9]{0,2}m([1-5]?[0-9]s)?|[1-9][0-9]{0,3}s|[1-9][0-9]{3,6})"
    };
}

/// The most items of a page.
pub(crate) const PAGE_MAX: u64 = 1000;

impl Parameter {
    pub(crate) const DRY_RUN: Self = Self {
        name: "dryRun",
        says: "Says what would change, and changes nothing.",
        value: Value::Flag,
        example: "true",
    };

    pub(crate) const CONFIRM: Self = Self {
        name: "confirm",
        says: "The change is taken back unless it is confirmed within this time: 1s to 24h; a bare number is milliseconds.",
        value: Value::Written(concat!("^", span!(), "$")),
        example: "60s",
    };

    pub(crate) const REVERT_ON: Self = Self {
        name: "revertOn",
        says: "The change is taken back if the routes concerned fare worse: by so many percentage points of errors, or \
               by a 99th percentile of the latency that is so many times what it was. `watch` (1s to 24h) says for how \
               long they are watched, `least` from how many requests on.",
        value: Value::Written(concat!(
            r"^(errors=(100|[0-9]{1,2}(\.[0-9]{1,3})?)%?(,p99=[1-9][0-9]{0,2}(\.[0-9]{1,3})?x?)?|p99=[1-9][0-9]{0,2}(\.[0-9]{1,3})?x?)(,watch=",
            span!(),
            ")?(,least=[0-9]{1,9})?$"
        )),
        example: "errors=5%,p99=2x",
    };

    /// Those of every operation that changes the document.
    pub(crate) const OF_CHANGES: &'static [Self] = &[Self::DRY_RUN, Self::CONFIRM, Self::REVERT_ON];

    pub(crate) const LIMIT: Self = Self {
        name: "limit",
        says: "The most items of the answer; `Link` leads to the next ones.",
        value: Value::Number(1, PAGE_MAX),
        example: "100",
    };

    /// With the id of one of the list as its example.
    pub(crate) const fn after(example: &'static str) -> Self {
        Self {
            name: "after",
            says: "The id that the answer begins behind.",
            value: Value::Text(512),
            example,
        }
    }

    pub(crate) const HISTORY: Self = Self {
        name: "history",
        says: "Adds how the figures were before.",
        value: Value::Flag,
        example: "true",
    };

    pub(crate) const LAYER: Self = Self {
        name: "layer",
        says: "Only what this owner has.",
        value: Value::OneOf(&["api", "file"]),
        example: "api",
    };

    pub(crate) const KEEP_STICKY: Self = Self {
        name: "keepSticky",
        says: "Clients whom a cookie keeps at the backend stay there.",
        value: Value::Flag,
        example: "true",
    };

    pub(crate) const TYPES: Self = Self {
        name: "types",
        says: "Only events of these types, separated by commas.",
        value: Value::Written("^[a-z0-9_.]+(,[a-z0-9_.]+)*$"),
        example: "request.completed,revision.applied",
    };
}

impl Value {
    /// What is wrong with a text; `None` where nothing is.
    pub(crate) fn refuse(self, text: &str) -> Option<String> {
        match self {
            Self::Flag => (!matches!(text, "true" | "false")).then(|| "must be true or false".to_owned()),
            Self::Number(least, most) => {
                let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let number = text.parse::<u64>().ok().filter(|_| is_plain);
                let is_within = number.is_some_and(|number| (least..=most).contains(&number));
                (!is_within).then(|| format!("must be a whole number from {least} to {most}"))
            }
            Self::OneOf(values) => {
                (!values.contains(&text)).then(|| format!("must be one of: {}", values.join(", ")))
            }
            Self::Text(most) => (text.is_empty() || text.chars().nth(most).is_some())
                .then(|| format!("must have from 1 to {most} characters")),
            Self::Written(_) => text.is_empty().then(|| "must not be empty".to_owned()),
        }
    }
}
