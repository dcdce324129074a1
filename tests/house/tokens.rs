//! Rust code as a list of tokens, without comments and strings, and without tests.

/// Splits code into identifiers and single characters, and leaves out comments, strings, characters
/// and lifetimes. `::` is one token.
pub(crate) fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest);
        let (token, after) = rest.split_at(length);
        let is_word = first.is_alphanumeric() || first == '_';
        // The `r` of a raw string is no token, and neither is what it begins.
        let is_kept = if is_word {
            token.chars().all(|c| c.is_alphanumeric() || c == '_')
        } else {
            token == "::" || (length == first.len_utf8() && !first.is_whitespace())
        };
        if is_kept {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

/// The length of the first token of `code`, a comment or a string included.
fn token_length(code: &str) -> usize {
    let until = |end: &str, from: usize| {
        code[from..]
            .find(end)
            .map_or(code.len(), |at| from + at + end.len())
    };
    let first = code.chars().next().map_or(0, char::len_utf8);
    if code.starts_with("//") {
        return until("\n", 0);
    }
    if code.starts_with("/*") {
        return until("*/", 2);
    }
    if code.starts_with("::") {
        return 2;
    }
    let word = code
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(code.len());
    match &code[..word] {
        "r" | "br" | "cr" => {
            let hashes = code[word..]
                .bytes()
                .take_while(|&byte| byte == b'#')
                .count();
            if code[word + hashes..].starts_with('"') {
                return until(&format!("\"{}", "#".repeat(hashes)), word + hashes + 1);
            }
            word
        }
        "" if code.starts_with('"') => quoted_length(code, '"'),
        // A lifetime has no closing quote after its first character.
        "" if code.starts_with('\'') => match code[1..].chars().next() {
            Some('\\') => quoted_length(code, '\''),
            Some(c) if code[1 + c.len_utf8()..].starts_with('\'') => c.len_utf8() + 2,
            _ => {
                1 + code[1..]
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(code.len() - 1)
            }
        },
        "" => first,
        _ => word,
    }
}

/// The length of a string or character with escapes, both quotes included.
fn quoted_length(code: &str, quote: char) -> usize {
    let mut escaped = false;
    let inside = &code[1..];
    let end = inside.find(|c| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(code.len(), |end| end + 2)
}

/// Removes each item with an attribute like `#[cfg(test)]` or `#[cfg(all(test, …))]`.
pub(crate) fn without_tests<'c>(tokens: &[&'c str]) -> Vec<&'c str> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].starts_with(&["#", "[", "cfg", "("]) {
            let end = after_group(tokens, at + 1);
            let condition = &tokens[at..end];
            if condition.contains(&"test") && !condition.contains(&"not") {
                at = after_item(tokens, end);
                continue;
            }
        }
        kept.push(tokens[at]);
        at += 1;
    }
    kept
}

/// The position after the group of brackets that opens at `at`.
fn after_group(tokens: &[&str], mut at: usize) -> usize {
    let mut depth = 0;
    while let Some(&token) = tokens.get(at) {
        at += 1;
        match token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The position after the item that begins at `at`.
fn after_item(tokens: &[&str], mut at: usize) -> usize {
    while let Some(&token) = tokens.get(at) {
        match token {
            ";" => return at + 1,
            "{" => {
                let end = after_group(tokens, at);
                return end + usize::from(tokens.get(end) == Some(&";"));
            }
            "(" | "[" => at = after_group(tokens, at),
            _ => at += 1,
        }
    }
    at
}

#[test]
fn comments_strings_and_lifetimes_are_left_out() {
    let code = "a /* b */ ::c<'d>(\"e \\\" f\", r#\"g\" h\"#, 'i', '\\'', x) // j\n{k_1}";
    let expected = [
        "a", "::", "c", "<", ">", "(", ",", ",", ",", ",", "x", ")", "{", "k_1", "}",
    ];
    assert_eq!(tokens(code), expected);
}

#[test]
fn items_for_tests_are_left_out() {
    let code = "#[cfg(test)] mod tests { fn a() {} } #[cfg(all(test, x))] #[b] use c::{d}; \
                #[cfg(not(test))] fn kept() {}";
    let kept = without_tests(&tokens(code)).join(" ");
    assert_eq!(kept, "# [ cfg ( not ( test ) ) ] fn kept ( ) { }");
}
