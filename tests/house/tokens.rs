//! Rust code as a list of tokens, without comments and strings, and without tests.

/// Splits code into words, `::` and single characters. Leaves out comments, strings, characters,
/// lifetimes and white space.
pub(crate) fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        let (length, is_kept) = first_token(rest);
        let (token, after) = rest.split_at(length);
        if is_kept {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

/// The length of the first token of `code`, and whether it is kept.
fn first_token(code: &str) -> (usize, bool) {
    let until = |end: &str, from: usize| {
        let found = code[from..].find(end);
        found.map_or(code.len(), |at| from + at + end.len())
    };
    let word_length = |code: &str| {
        let end = code.find(|c: char| !c.is_alphanumeric() && c != '_');
        end.unwrap_or(code.len())
    };
    if code.starts_with("//") {
        return (until("\n", 0), false);
    }
    if code.starts_with("/*") {
        return (until("*/", 2), false);
    }
    if code.starts_with("::") {
        return (2, true);
    }
    let word = word_length(code);
    let after_word = &code[word..];
    if ["r", "br", "cr"].contains(&&code[..word]) {
        let hashes = after_word.bytes().take_while(|&b| b == b'#').count();
        if after_word[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            return (until(&end, word + hashes + 1), false);
        }
    }
    let mut characters = after_word.chars();
    match (
        word,
        characters.next(),
        characters.next(),
        characters.next(),
    ) {
        (0, Some('"'), ..) => (quoted_length(code, '"'), false),
        (0, Some('\''), Some('\\'), _) | (0, Some('\''), _, Some('\'')) => {
            (quoted_length(code, '\''), false)
        }
        // A lifetime has no closing quote.
        (0, Some('\''), ..) => (1 + word_length(&code[1..]), false),
        (0, Some(other), ..) => (other.len_utf8(), !other.is_whitespace()),
        _ => (word, true),
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
