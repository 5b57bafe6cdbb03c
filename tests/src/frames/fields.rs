//! The fields of a head or of trailers, and their coding (RFC 7541).

/// Names and values, in order. Each character stands for the byte of that number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// No field yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The head of a request to `a.test`.
    pub fn request(method: &str, path: &str) -> Self {
        let fields = Self::new().and(":method", method).and(":scheme", "http");
        fields.and(":path", path).and(":authority", "a.test")
    }

    /// The head of a response.
    pub fn response(status: u16) -> Self {
        Self::new().and(":status", &status.to_string())
    }

    /// With one more field at the end.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With another value of a field, at the same place.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        for field in self.0.iter_mut().filter(|(other, _)| other == name) {
            value.clone_into(&mut field.1);
        }
        self
    }

    /// Without a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| other != name);
        self
    }

    /// The value of the first field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The values of all fields of that name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = self.0.iter().filter(|(other, _)| other == name);
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The status of a response; `None` where there is none.
    pub fn status(&self) -> Option<u16> {
        self.field(":status")?.parse().ok()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A field block in which each field is a literal without indexing: RFC 7541 section 6.2.2.
    pub fn block(&self) -> Vec<u8> {
        let mut block = Vec::new();
        for (name, value) in &self.0 {
            block.push(0);
            string(&mut block, name);
            string(&mut block, value);
        }
        block
    }
}

/// A string without Huffman coding: RFC 7541 section 5.2.
fn string(block: &mut Vec<u8>, text: &str) {
    let bytes: Vec<u8> =
        text.chars().map(|byte| u8::try_from(byte).expect("each character is a byte")).collect();
    let prefix = 0x7f;
    // An integer with a prefix of seven bits: RFC 7541 section 5.1.
    match bytes.len().checked_sub(prefix) {
        None => block.push(u8::try_from(bytes.len()).expect("it is less than 127")),
        Some(mut rest) => {
            block.push(0x7f);
            while rest >= 0x80 {
                block.push(0x80 | (rest & 0x7f) as u8);
                rest >>= 7;
            }
            block.push(rest as u8);
        }
    }
    block.extend(bytes);
}
