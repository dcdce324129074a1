#!/usr/bin/env python3
"""Writes the user crate in several forms: plain, paren, brace, apply, hand."""
import os, re, sys
ROOT = os.environ.get('IDE_WORK', os.getcwd())
SMART = sys.argv[1] if len(sys.argv) > 1 else sys.exit('gen.py CRATE_DIR')

# @O / @C open and close the macro, @F stands before each function, AW(e) awaits.
T = r'''
use std::collections::BTreeMap;
use std::num::ParseIntError;
@USE

#[derive(Clone, Default)]
pub struct Store {
    pub name: String,
    pub table: BTreeMap<String, Vec<u32>>,
}

#[derive(Clone, Debug)]
pub struct Item {
    pub name: String,
    pub title: String,
    pub weight: u32,
}

impl Store {
    @O
        @F
        /// Doc of other.
        pub fn other(&self, key: &str) -> String {
            format!("{}/{key}", self.name)
        }

        @F
        /// Doc of far.
        pub async fn far(&self, key: &str) -> String {
            format!("{}/{key}", self.name)
        }

        @F
        /// Doc of body_s.
        pub fn body_s(&self, key: &str, depth: u32) -> Result<Item, ParseIntError> {
            let parsed: u32 = key.parse()?;
            let label = key.to_owned();
            let item = Item { name: String::new(), title: label, weight: parsed + depth };
            /*X*/
            Ok(item)
        }

        @F
        /// Doc of body_a.
        pub async fn body_a(&self, key: &str, depth: u32) -> Result<Item, ParseIntError> {
            let parsed: u32 = key.parse()?;
            let label = self.far(key).await;
            let item = Item { name: String::new(), title: label, weight: parsed + depth };
            /*X*/
            Ok(item)
        }

        @F
        /// Doc of body_m.
        @A(maybe_async)
        @A(blocking(body_m_blocking))
        pub async fn body_m(&self, key: &str, depth: u32) -> Result<Item, ParseIntError> {
            let parsed: u32 = key.parse()?;
            let label = AW(self.far(key));
            let item = Item { name: String::new(), title: label, weight: parsed + depth };
            /*X*/
            Ok(item)
        }
    @C
}

@O
    @F
    /// Functions in a block.
    impl Item {
        /// Doc of far.
        pub async fn far(&self, key: &str) -> String {
            format!("{}/{key}", self.title)
        }

        /// Doc of body_k.
        pub async fn body_k(&self, key: &str, depth: u32) -> Result<Item, ParseIntError> {
            let parsed: u32 = key.parse()?;
            let label = self.far(key).await;
            let item = Item { name: String::new(), title: label, weight: parsed + depth };
            /*X*/
            Ok(item)
        }
    }
@C

#[derive(Clone, Default)]
pub struct Twin {
    pub name: String,
}

pub mod blocking {
    #[derive(Clone, Default)]
    pub struct Twin {
        pub name: String,
    }
}

@O
    @F
    /// Functions in a split block.
    @A(split(blocking::Twin))
    impl Twin {
        /// Doc of far.
        pub async fn far(&self, key: &str) -> String {
            format!("{}/{key}", self.name)
        }

        /// Doc of body_p.
        pub async fn body_p(&self, key: &str, depth: u32) -> Result<Item, ParseIntError> {
            let parsed: u32 = key.parse()?;
            let label = AW(self.far(key));
            let item = Item { name: String::new(), title: label, weight: parsed + depth };
            /*X*/
            Ok(item)
        }
    }
@C

/// A trait.
pub trait Source {
    @O
        @F
        /// Doc of body_b.
        @A(boxed)
        @T async fn body_b(&self, key: &str, depth: u32) -> Result<Item, ParseIntError>;
    @C
}

impl Source for Store {
    @O
        @F
        @A(boxed)
        async fn body_b(&self, key: &str, depth: u32) -> Result<Item, ParseIntError> {
            let parsed: u32 = key.parse()?;
            let label = self.far(key).await;
            let item = Item { name: String::new(), title: label, weight: parsed + depth };
            /*X*/
            Ok(item)
        }
    @C
}

async fn existing(key: String) -> usize {
    key.len()
}

@O
    @F
    /// Doc of body_f.
    pub fn body_f(key: &str, depth: u32) -> Result<Item, ParseIntError> {
        let parsed: u32 = key.parse()?;
        let label = key.to_owned();
        let item = Item { name: String::new(), title: label, weight: parsed + depth };
        /*X*/
        Ok(item)
    }

    @F
    /// Doc of body_n, a free `#[maybe_async]` function.
    @A(maybe_async)
    pub async fn body_n(key: &str, depth: u32) -> Result<Item, ParseIntError> {
        let parsed: u32 = key.parse()?;
        let label = AW(free(key));
        let item = Item { name: String::new(), title: label, weight: parsed + depth };
        PAUSE
        /*X*/
        Ok(item)
    }

    @F
    /// Doc of body_g, generic.
    pub async fn body_g<T: Into<String> + Clone, F>(key: T, depth: u32, with: F) -> Result<Item, ParseIntError>
    where
        F: Fn(&Item) -> u32 + Copy,
    {
        let parsed: u32 = depth.to_string().parse()?;
        let label: String = key.into();
        let item = Item { name: String::new(), title: label, weight: parsed + depth };
        let _weight = with(&item);
        /*X*/
        Ok(item)
    }

    @F
    /// Doc of free.
    pub async fn free(key: &str) -> String {
        key.to_owned()
    }

    @F
    /// Doc of shares.
    pub fn shares(mut items: Vec<Item>, (low, high): (u32, u32)) -> u64 {
        items.retain(|item| (low..high).contains(&item.weight));
        let total = items.iter().map(|item| u64::from(item.weight)).sum();
        total
    }
@C

@WRAP

pub fn sync_site(store: &Store) {
    let from_s = store.body_s("1", 2)W;
    let from_a = store.body_a("1", 2)W;
    let from_m = store.body_m("1", 2)W;
    let from_b = store.body_b("1", 2)W;
    let from_n = body_n("1", 2)W;
    let from_g = body_g("1", 2, |item| item.weight)W;
    let shares = shares(vec![], (1, 2))S;
    /*Y*/
    drop((from_s, from_a, from_m, from_b, from_n, from_g, shares));
}

pub async fn async_site(store: &Store) {
    let from_s = store.body_s("1", 2)P;
    let from_a = store.body_a("1", 2).await;
    let from_m = store.body_m("1", 2).await;
    let from_b = store.body_b("1", 2).await;
    let from_n = body_n("1", 2).await;
    /*Z*/
    drop((from_s, from_a, from_m, from_b, from_n));
}
'''
WRAP = '''@O
    @F
    /// Doc of wrapped.
    @A(wraps(existing))
    pub async fn wrapped(key: String) -> usize;
@C'''

def write(form):
    t = T
    smart = form not in ('plain', 'asynctrait', 'maybeasync')
    t = t.replace('@WRAP', WRAP if smart else '')
    if smart:
        use = 'use smartasync::{smart_await, smart_fn};'
        t = re.sub(r'AW\((.*)\);', r'smart_await!(\1);', t)
        t = t.replace('PAUSE', 'smart_await!(sync => std::thread::sleep(std::time::Duration::from_millis(1)), async => std::future::ready(()));')
        t = re.sub(r'\)W;', ').wait();', t)
        t = re.sub(r'\)S;', ').wait();', t)
        t = re.sub(r'\)P;', ').await;', t)
        t = t.replace('@T ', '')
    else:
        use = 'fn wait<F: Future>(_: F) -> F::Output { loop {} }'
        t = re.sub(r'AW\((.*)\);', r'\1.await;', t)
        t = t.replace('PAUSE', 'std::future::ready(()).await;')
        t = re.sub(r'= (store\.body_s.*)\)W;', r'= \1);', t)
        t = re.sub(r'= (.*)\)W;', r'= wait(\1));', t)
        t = re.sub(r'\)S;', ');', t)
        t = re.sub(r'\)P;', ');', t)
        t = t.replace('@T ', '')
        if form == 'asynctrait':
            t = t.replace('pub trait Source', '#[async_trait::async_trait]\npub trait Source').replace('impl Source for', '#[async_trait::async_trait]\nimpl Source for')
    t = t.replace('@USE', use)
    if smart:
        t = re.sub(r'@A\((.*)\)', r'#[\1]', t)
    else:
        t = re.sub(r' *@A\((.*)\)\n', '', t)
    if form == 'paren':
        t = t.replace('@O', 'smart_fn!(').replace('@C', ');'); t = re.sub(r' *@F\n', '', t)
    elif form == 'brace':
        t = t.replace('@O', 'smart_fn! {').replace('@C', '}'); t = re.sub(r' *@F\n', '', t)
    elif form == 'maybeasync':
        t = re.sub(r' *@[OC]\n?', '', t); t = re.sub(r'@F(\n\s*///.*)(\n\s*pub async fn)', r'#[maybe_async::maybe_async]\1\2', t); t = re.sub(r' *@F\n', '', t)
    elif form == 'apply':
        t = re.sub(r' *@[OC]\n?', '', t); t = t.replace('@F', '#[macro_rules_attribute::apply(smart_fn!)]')
    else:
        t = re.sub(r' *@[OCF]\n?', '', t)
    d = f'{ROOT}/u_{form}'
    os.makedirs(f'{d}/src', exist_ok=True)
    deps = f'smartasync = {{ path = "{SMART}" }}\n' if smart else ''
    if form == 'apply': deps += 'macro_rules_attribute = "0.2"\n'
    if form == 'asynctrait': deps += 'async-trait = "0.1"\n'
    if form == 'maybeasync': deps += 'maybe-async = "0.2"\n'
    open(f'{d}/Cargo.toml', 'w').write(f'[package]\nname = "u_{form}"\nversion = "0.1.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n{deps}')
    open(f'{d}/src/lib.rs', 'w').write(t.lstrip())

for form in ('plain', 'asynctrait', 'maybeasync', 'paren', 'brace', 'apply'):
    write(form)
