#!/usr/bin/env python3
"""check.py RA SRC FORM...: drives rust-analyzer over the user crate in each form, and writes out_FORM.json."""
import json, re, sys, time, os
from lsp import *
RA, SRC, FORMS = sys.argv[1], sys.argv[2], sys.argv[3:]
KINDS = os.environ.get('KINDS', 's a m b f n g k p').split()
PRE = os.environ.get('PRE', 'u_')

def one(form):
    smart = form not in ('plain', 'asynctrait', 'maybeasync')
    root = os.path.join(os.environ.get('IDE_WORK', os.getcwd()), f'{PRE}{form}')
    P = 'src/lib.rs'
    base = open(f'{root}/{P}').read()
    t0 = time.time()
    l = Lsp(RA, root, SRC)
    l.open(P, base)
    R = {'ready_s': round(l.wait(60) or -1, 1), 'health': l.health}
    cur = [base]
    U = {'uri': l.uri(P)}
    def settext(t):
        if t != cur[0]: l.change(P, t); cur[0] = t
    def tdp(o): return {'textDocument': U, 'position': pos(cur[0], o)}
    def start(k, t=None):
        t = t or cur[0]
        return t.rindex(f'fn body_{k}') if k == 'b' else t.index(f'fn body_{k}(') if f'fn body_{k}(' in t else t.index(f'fn body_{k}<')
    def at(k, snippet, inner=None, nth=0, t=None):
        """offset of `inner` in `snippet`, in the body of kind k"""
        t = t or cur[0]; o = start(k, t)
        for _ in range(nth + 1): o = t.index(snippet, o + 1)
        return o + (snippet.index(inner) if inner else 0) + 1
    def put(k, snippet):
        """replaces /*X*/ in the body of k; returns offset of the cursor `¦`"""
        o = base.index('/*X*/', start(k, base)); c = snippet.index('¦'); s = snippet.replace('¦', '')
        settext(base[:o] + s + base[o + 5:]); return o + c
    def putsite(mark, snippet):
        o = base.index(mark); c = snippet.index('¦'); s = snippet.replace('¦', '')
        settext(base[:o] + s + base[o + 5:]); return o + c
    def label(x): return x['label']
    def hover(o):
        h = l.req('textDocument/hover', tdp(o))
        if not h: return None
        if '__error' in h: return h['__error']
        v = h['contents']['value']
        m = re.findall(r'```rust\n(.*?)```', v, re.S)
        return ' | '.join(x.strip().replace('\n', ' ') for x in m[-1:] or [v])[:220]
    def locs(r):
        if not r: return []
        if isinstance(r, dict): return [r.get('__error', str(r))]
        out = []
        for x in r:
            rg = x.get('targetSelectionRange') or x.get('range'); u = x.get('targetUri') or x.get('uri') or U['uri']
            f = '' if u == U['uri'] else u.split('/')[-1] + ':'
            out.append(f + line(rg))
        return out
    def line(rg):
        L = cur[0].split('\n')
        if rg['start']['line'] < len(L): s = L[rg['start']['line']][rg['start']['character']:rg['end']['character']] if rg['start']['line'] == rg['end']['line'] else '<lines>'
        else: s = '?'
        return f"{rg['start']['line'] + 1}:{rg['start']['character'] + 1}`{s}`"
    def complete(o, want, resolve=None):
        r = l.req('textDocument/completion', dict(tdp(o), context={'triggerKind': 1}))
        if isinstance(r, dict) and '__error' in r: return r['__error']
        items = r['items'] if isinstance(r, dict) else (r or [])
        names = [re.split(r'[( ]', label(i))[0] for i in items]
        hit = [w for w in want if w in names]
        res = f"{len(items)} items; " + ('OK' if len(hit) == len(want) else 'MISSING ' + ','.join(w for w in want if w not in names))
        if resolve:
            for i in items:
                if label(i).startswith(resolve):
                    ri = l.req('completionItem/resolve', i)
                    ed = (ri or {}).get('additionalTextEdits'); res += f"; import edit {[(line(e['range']), e['newText']) for e in ed] if ed else None}"; break
        return res
    def edits(r):
        if not r: return r
        if '__error' in r: return 'ERR ' + r['__error']
        out = []
        for dc in r.get('documentChanges', []) or []:
            for e in dc.get('edits', []): out.append(line(e['range']) + '→' + e['newText'])
        for u, es in (r.get('changes') or {}).items():
            for e in es: out.append(line(e['range']) + '→' + e['newText'])
        return sorted(out)
    def diags():
        d = l.diagnostics(P)
        if not isinstance(d, list): return d
        return [f"{x.get('severity')} {x.get('code')} {line(x['range'])} {x['message'][:110]}" for x in d]
    F = {}
    def rec(f, k, v): F.setdefault(f, {})[k] = v
    rec('diagnostics, clean', '*', diags())
    for k in KINDS:
        st = start(k)
        rec('hover label def', k, hover(at(k, 'let label', 'label')))
        rec('hover parsed use', k, hover(at(k, 'parsed + depth')) if 'parsed + depth' in cur[0] else None)
        rec('hover arg use', k, hover(at(k, '+ depth', 'depth')))
        rec('hover arg def', k, hover(at(k, 'depth: u32')))
        rec('hover method in body', k, hover(at(k, 'parse()')) )
        if k in 'ambkp': rec('hover smart callee in body', k, hover(at(k, 'self.far(', 'far')))
        if k in 'ambkp': rec('hover self', k, hover(at(k, 'self.far(', 'self')))
        rec('hover fn name at def', k, hover(st + 4))
        if k in 'ambkp': rec('goto def: other smart fn from body', k, locs(l.req('textDocument/definition', tdp(at(k, 'self.far(', 'far')))))
        rec('goto def: local', k, locs(l.req('textDocument/definition', tdp(at(k, 'Ok(item)', 'item')))))
        rec('goto def: arg', k, locs(l.req('textDocument/definition', tdp(at(k, '+ depth', 'depth')))))
        rec('goto def: std method', k, locs(l.req('textDocument/definition', tdp(at(k, 'parse()')))))
        rec('goto type def: item', k, locs(l.req('textDocument/typeDefinition', tdp(at(k, 'Ok(item)', 'item')))))
        rec('references: arg', k, locs(l.req('textDocument/references', dict(tdp(at(k, 'depth: u32')), context={'includeDeclaration': True}))))
        rec('references: local', k, locs(l.req('textDocument/references', dict(tdp(at(k, 'let item', 'item')), context={'includeDeclaration': True}))))
        rec('references: fn', k, locs(l.req('textDocument/references', dict(tdp(st + 4), context={'includeDeclaration': True}))))
        rec('references: field', k, locs(l.req('textDocument/references', dict(tdp(at(k, 'title: label')), context={'includeDeclaration': True}))))
        rec('highlight: local', k, locs(l.req('textDocument/documentHighlight', tdp(at(k, 'let item', 'item')))))
        rec('highlight: ?', k, locs(l.req('textDocument/documentHighlight', tdp(at(k, '?;') - 1))))
        rec('rename: arg', k, edits(l.req('textDocument/rename', dict(tdp(at(k, 'depth: u32')), newName='deep'))))
        rec('rename: local', k, edits(l.req('textDocument/rename', dict(tdp(at(k, 'let item', 'item')), newName='thing'))))
        rec('rename: fn', k, edits(l.req('textDocument/rename', dict(tdp(st + 4), newName='renamed'))))
    # Call sites.
    for k, call in [('s', 'store.body_s('), ('a', 'store.body_a('), ('m', 'store.body_m('), ('b', 'store.body_b('), ('n', 'body_n("'), ('g', 'body_g("')]:
        i = cur[0].index('pub fn sync_site'); o = cur[0].index(call, i) + call.index('body')
        rec('site: goto def', k, locs(l.req('textDocument/definition', tdp(o + 1))))
        rec('site: hover', k, hover(o + 1))
        rec('site: hover docs', k, 'Doc of' in str(l.req('textDocument/hover', tdp(o + 1))))
        sh = l.req('textDocument/signatureHelp', tdp(cur[0].index('(', o) + 1))
        rec('site: signature help', k, sh['signatures'][0]['label'] if sh and sh.get('signatures') else sh)
        rec('site: hover result of wait', k, hover(cur[0].index(f'let from_{k}', i) + 5))
        if k != 'g':
            j = cur[0].index('async fn async_site'); rec('site: hover result of await', k, hover(cur[0].index(f'let from_{k}', j) + 5))
        rec('call hierarchy: incoming', k, None)
        ch = l.req('textDocument/prepareCallHierarchy', tdp(start(k) + 4))
        if ch and isinstance(ch, list):
            inc = l.req('callHierarchy/incomingCalls', {'item': ch[0]}); rec('call hierarchy: incoming', k, [x['from']['name'] for x in inc] if isinstance(inc, list) else inc)
            out = l.req('callHierarchy/outgoingCalls', {'item': ch[0]}); rec('call hierarchy: outgoing', k, [x['to']['name'] for x in out] if isinstance(out, list) else out)
    if smart:
        o = putsite('/*Y*/', 'let twin = store.body_m_blocking("1", 2¦);')
        q = cur[0].index('body_m_blocking("1"') + 1
        rec('twin: goto def', 'm', locs(l.req('textDocument/definition', tdp(q)))); rec('twin: hover', 'm', hover(q))
        rec('twin: hover result', 'm', hover(cur[0].index('let twin') + 5))
        sh = l.req('textDocument/signatureHelp', tdp(o)); rec('twin: signature help', 'm', sh['signatures'][0]['label'] if sh and sh.get('signatures') else sh)
        rec('twin: rename', 'm', edits(l.req('textDocument/rename', dict(tdp(q), newName='blocking2'))))
        rec('twin: goto from attribute', 'm', locs(l.req('textDocument/definition', tdp(cur[0].index('blocking(body_m_blocking)') + 10)))) if 'blocking(body_m' in cur[0] else None
        o = putsite('/*Y*/', 'let w = wrapped(String::new());¦')
        rec('wraps: goto def of wrapped', '*', locs(l.req('textDocument/definition', tdp(cur[0].index('wrapped(String') + 1))))
        rec('wraps: goto existing from attribute', '*', locs(l.req('textDocument/definition', tdp(cur[0].index('wraps(existing)') + 7))))
        rec('wraps: references of existing', '*', locs(l.req('textDocument/references', dict(tdp(cur[0].index('async fn existing') + 10), context={'includeDeclaration': True}))))
        rec('wraps: rename existing', '*', edits(l.req('textDocument/rename', dict(tdp(cur[0].index('async fn existing') + 10), newName='there'))))
    settext(base)
    # Inlay hints, semantic tokens, symbols, folding, formatting, lenses.
    ih = l.req('textDocument/inlayHint', {'textDocument': U, 'range': {'start': {'line': 0, 'character': 0}, 'end': {'line': base.count('\n'), 'character': 0}}})
    legend = (l.init.get('capabilities', {}).get('semanticTokensProvider') or {}).get('legend', {})
    st_ = l.req('textDocument/semanticTokens/full', {'textDocument': U})
    toks = []; ln = ch = 0
    for i in range(0, len((st_ or {}).get('data', [])), 5):
        dl, dc, n, ty, mo = st_['data'][i:i + 5]
        ln += dl; ch = dc if dl else ch + dc
        toks.append((ln, ch, n, legend['tokenTypes'][ty]))
    for k in KINDS:
        a = start(k); b = base.index('Ok(item)', a); la, lb = pos(base, a)['line'], pos(base, b)['line']
        hs = []
        for h in ih or []:
            if la <= h['position']['line'] <= lb:
                lab = h['label'] if isinstance(h['label'], str) else ''.join(x['value'] for x in h['label']); hs.append(f"{h['position']['line']+1}:{lab}")
        rec('inlay hints', k, hs)
        L = base.split('\n')
        ts = [f'{L[x[0]][x[1]:x[1]+x[2]]}={x[3]}' for x in toks if la <= x[0] <= lb]
        rec('semantic tokens', k, f"{len(ts)}: " + ' '.join(ts))
    for site, w in (('sync_site', 'wait'), ('async_site', 'await')):
        a = base.index(f'fn {site}'); b = base.index('drop(', a); la, lb = pos(base, a)['line'], pos(base, b)['line']
        rec('inlay hints at call site', w, [(h['label'] if isinstance(h['label'], str) else ''.join(x['value'] for x in h['label'])) for h in ih or [] if la <= h['position']['line'] <= lb and (h.get('kind') == 1)])
    ds = l.req('textDocument/documentSymbol', {'textDocument': U})
    def flat(x, d=0): return [('.' * d) + x['name']] + [z for y in x.get('children') or [] for z in flat(y, d + 1)]
    rec('outline (documentSymbol)', '*', [z for x in ds or [] for z in flat(x) if 'body_' in z or 'far' in z or 'smart' in z])
    ws = l.req('workspace/symbol', {'query': 'body_'})
    rec('workspace/symbol body_#', '*', sorted({x['name'] for x in l.req('workspace/symbol', {'query': 'body_#'}) or []}))
    fr = l.req('textDocument/foldingRange', {'textDocument': U}) or []
    rec('folding: body folds', '*', {k: any(pos(base, start(k))['line'] <= f['startLine'] <= pos(base, base.index('Ok(item)', start(k)))['line'] for f in fr) for k in KINDS})
    cl = l.req('textDocument/codeLens', {'textDocument': U})
    rec('code lens', '*', len(cl) if isinstance(cl, list) else cl)
    ugly = base.replace('let parsed: u32 = key.parse()?;', 'let parsed : u32=key.parse( ) ? ;')
    settext(ugly)
    fm = l.req('textDocument/formatting', {'textDocument': U, 'options': {'tabSize': 4, 'insertSpaces': True}})
    if isinstance(fm, list):
        t = ugly
        for e in sorted(fm, key=lambda e: (e['range']['start']['line'], e['range']['start']['character']), reverse=True):
            t = t[:off(ugly, e['range']['start'])] + e['newText'] + t[off(ugly, e['range']['end']):]
        rec('format document', '*', f"{t.count('let parsed: u32 = key.parse()?;')} of {base.count('let parsed: u32 = key.parse()?;')} lines restored; whole text as before: {t == base}")
    else: rec('format document', '*', fm)
    settext(base)
    # Completion.
    AW = {'k': 'self.far(key).await', 'p': 'smart_await!(self.far(key))' if smart else 'self.far(key).await', 'a': 'self.far(key).await', 'b': 'self.far(key).await', 'm': 'smart_await!(self.far(key))' if smart else 'self.far(key).await', 's': 'self.far(key).wait()' if smart else 'self.other(key)',
          'f': 'free(key).wait()' if smart else 'String::new()', 'n': 'smart_await!(free(key))' if smart else 'free(key).await', 'g': 'free("").await'}
    for k in KINDS:
        C = [('self.¦', ['name', 'far']), ('let next = self.¦', ['name', 'far']), ('self.na¦;', ['name'])] if k in 'sambkp' else []
        C += [('label2.¦', None), ('item.¦', ['title', 'weight']), ('let w = item.we¦;', ['weight']), ('item.weight.¦', ['pow']), ('lab¦', ['label']), ('dep¦', ['depth']),
              (AW[k] + '.¦', ['push_str', 'len']), ('let n = ' + AW[k] + '.le¦;', ['len']),
              ('std::collections::¦', ['HashMap']), ('let _i = Item { ti¦ };', ['title']), ('if item.weight > depth { item.¦ }', ['title']),
              ('match Some(depth) { Some(inner) => inner.¦, None => 0 };', ['pow']), ('[1u32].iter().map(|x| x.¦)', ['clone']), ('HashM¦', ['HashMap'])]
        if k in 'sambkp': C += [('self.far(key).¦', (['wait'] if smart and k != 'p' else []) + (['await'] if k in 'abkp' or (k == 'm' and not smart) else []))]
        if smart and k in 'mabnkp': C += [('smart_await!(self.¦)', ['far']), ('smart_await!(self.fa¦);', ['far']), ('smart_await!(sync => item.¦, async => std::future::ready(()))', ['title']), ('smart_await!(sync => (), async => item.¦)', ['title'])] if k != 'n' else [('smart_await!(fre¦)', ['free'])]
        C += [('let bad = ; item.¦', ['title']), ('let bad = ; item.ti¦;', ['title'])]
        for snip, want in C:
            if want is None: continue
            if k == 'g' and 'self' in snip: continue
            o = put(k, snip)
            rec('completion ' + snip.replace(AW[k], 'AWAITED'), k, complete(o, want, 'HashMap' if snip == 'HashM¦' else None))
        for snip, f in [(('self.far(¦)' if k in 'sambkp' else 'free(¦)'), 'signature help in body'), ('usize::pow(1, ¦)', 'signature help in body, std')]:
            o = put(k, snip); sh = l.req('textDocument/signatureHelp', tdp(o))
            rec(f, k, sh['signatures'][0]['label'] if sh and sh.get('signatures') else sh)
        # Errors.
        for snip, f in [('let wrong: u32 = "text";¦', 'error: type mismatch'), ('no_such_function();¦', 'error: unresolved function'), ('item.no_such_method();¦', 'error: unresolved method'), ('self.¦' if k in 'sambkp' else 'item.¦', 'errors while typing `self.`'), ('let x = ;¦', 'errors: syntax error')]:
            put(k, snip); rec(f, k, diags())
            if 'typing' in f or 'syntax' in f:
                rec(f + ': hover label in same body', k, hover(at(k, 'let label', 'label')))
                i = cur[0].index('pub fn sync_site')
                if f'let from_{k}' in cur[0]: rec(f + ': hover call-site result', k, hover(cur[0].index(f'let from_{k}', i) + 5))
                other = 'a' if k in 'sm' else 's' if k == 'a' else 'n' if k in 'fg' else 'g'
                rec(f + ': hover label in another body of the invocation', k, hover(at(other, 'let label', 'label')))
                rec(f + ': goto def from call site of the next fn', k, None)
        # Assists.
        put(k, 'let sum = item.weight + depth;¦\n            let n: Option<u32> = None; match n {}')
        for snip, inner, f in [('item.weight + depth', None, 'assist extract variable'), ('match n {}', None, 'assist add match arms'), ('let parsed: u32', 'parsed', 'assist inline variable'), ('let parsed', 'let', 'assists at let')]:
            a = at(k, snip, inner) - 1; n = len(snip) if f.endswith('extract variable') else 0
            ca = l.req('textDocument/codeAction', {'textDocument': U, 'range': {'start': pos(cur[0], a), 'end': pos(cur[0], a + n)}, 'context': {'diagnostics': []}})
            rec(f, k, [x['title'] for x in ca][:8] if isinstance(ca, list) else ca)
        sr = l.req('textDocument/selectionRange', {'textDocument': U, 'positions': [pos(cur[0], at(k, 'item.weight + depth') + 1)]})
        ch = []; x = sr[0] if sr and isinstance(sr, list) else None
        while x and len(ch) < 7:
            rg = x['range']; ch.append(cur[0][off(cur[0], rg['start']):off(cur[0], rg['end'])].replace('\n', ' ')[:40]); x = x.get('parent')
        rec('expand selection', k, ch)
    # At call sites, while typing.
    for k, call in [('s', 'store.body_s("1", 2)'), ('a', 'store.body_a("1", 2)'), ('m', 'store.body_m("1", 2)'), ('b', 'store.body_b("1", 2)'), ('n', 'body_n("1", 2)'), ('g', 'body_g("1", 2, |i| i.weight)')]:
        if smart:
            rec('site: completion CALL.¦', k, complete(putsite('/*Y*/', call + '.¦'), ['wait', 'try_wait']))
            rec('site: completion CALL.wait().¦', k, complete(putsite('/*Y*/', call + '.wait().¦'), ['unwrap', 'map_err']))
            rec('site: completion CALL.wait().unwrap().¦', k, complete(putsite('/*Y*/', call + '.wait().unwrap().¦'), ['title']))
        rec('site: completion CALL.await.¦', k, complete(putsite('/*Z*/', call + ('.¦' if not smart and k == 's' else '.await.¦')), ['unwrap', 'map_err']))
    settext(base)
    l.stop()
    R['features'] = F; R['latency_ms p50,max,n'] = {m: [round(sorted(v)[len(v)//2]*1000), round(max(v)*1000), len(v)] for m, v in l.times.items()}; R['total_s'] = round(time.time() - t0, 1)
    json.dump(R, open(f'out_{PRE}{form}.json', 'w'), indent=1, ensure_ascii=False)
    print(form, 'ready', R['ready_s'], 'total', R['total_s'], R['health'])

for f in FORMS: one(f)
