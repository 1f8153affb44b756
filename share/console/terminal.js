// A small terminal: what shells, boot messages and full-screen programs of a serial line use
// of ECMA-48 (cursor, erase, scroll region, colours), 80 columns by 24 rows and some history.
const COLUMNS = 80, ROWS = 24, HISTORY = 500;

const KEYS = {
    Enter: '\r', Backspace: '\x7f', Tab: '\t', Escape: '\x1b', Delete: '\x1b[3~', Insert: '\x1b[2~',
    ArrowUp: '\x1b[A', ArrowDown: '\x1b[B', ArrowRight: '\x1b[C', ArrowLeft: '\x1b[D',
    Home: '\x1b[H', End: '\x1b[F', PageUp: '\x1b[5~', PageDown: '\x1b[6~',
    F1: '\x1bOP', F2: '\x1bOQ', F3: '\x1bOR', F4: '\x1bOS', F5: '\x1b[15~', F6: '\x1b[17~', F7: '\x1b[18~',
    F8: '\x1b[19~', F9: '\x1b[20~', F10: '\x1b[21~', F11: '\x1b[23~', F12: '\x1b[24~',
};

export class Terminal {
    constructor(element, send) {
        this.element = element;
        this.send = send;
        this.clear();
        element.addEventListener('keydown', (event) => this.key(event));
        element.addEventListener('paste', (event) => {
            event.preventDefault();
            this.send(event.clipboardData.getData('text').replaceAll(/\r?\n/g, '\r'));
        });
    }

    clear() {
        this.history = [];
        this.lines = Array.from({length: ROWS}, () => []);
        this.row = this.column = 0;
        this.top = 0;
        this.bottom = ROWS - 1;
        this.style = '';
        this.pending = '';
        this.saved = [0, 0];
        this.draw();
    }

    key(event) {
        let text = KEYS[event.key];
        if (!text && event.key.length === 1) {
            if (event.metaKey) return;
            const code = event.key.toUpperCase().charCodeAt(0);
            if (event.ctrlKey && event.key === 'v') return;              // paste
            if (event.ctrlKey) text = code >= 64 && code < 96 ? String.fromCharCode(code - 64) : '';
            else text = (event.altKey ? '\x1b' : '') + event.key;
        }
        if (!text) return;
        event.preventDefault();
        this.send(text);
    }

    write(text) {
        text = this.pending + text;
        this.pending = '';
        for (let i = 0; i < text.length;) {
            const rest = text.slice(i, i + 64);
            if (rest[0] !== '\x1b') {
                this.put(rest[0]);
                ++i;
                continue;
            }
            const sequence = /^\x1b(\[[?>=!]?([0-9;]*)[ -/]*([@-~])|\][^\x07\x1b]*(\x07|\x1b\\)|[()#][0-9A-Za-z]|[^[\]()#])/.exec(rest);
            if (!sequence) {
                if (rest.length < 64) this.pending = text.slice(i);
                else ++i;
                if (this.pending) break;
                continue;
            }
            this.escape(sequence);
            i += sequence[0].length;
        }
        this.draw();
    }

    put(c) {
        switch (c) {
            case '\r': this.column = 0; return;
            case '\n': case '\v': case '\f': this.down(); return;
            case '\b': this.column = Math.max(0, this.column - 1); return;
            case '\t': this.column = Math.min(COLUMNS - 1, (this.column | 7) + 1); return;
        }
        if (c < ' ' || c === '\x7f') return;
        if (this.column >= COLUMNS) {
            this.column = 0;
            this.down();
        }
        const line = this.lines[this.row];
        while (line.length < this.column) line.push([' ', '']);
        line[this.column++] = [c, this.style];
    }

    down() {
        if (this.row === this.bottom) this.scroll();
        else if (this.row < ROWS - 1) ++this.row;
    }
    scroll() {
        const [gone] = this.lines.splice(this.top, 1);
        if (this.top === 0) this.history.push(gone);
        if (this.history.length > HISTORY) this.history.shift();
        this.lines.splice(this.bottom, 0, []);
    }

    escape([whole, , numbers, final]) {
        if (whole === '\x1bM') {
            if (this.row === this.top) {
                this.lines.splice(this.bottom, 1);
                this.lines.splice(this.top, 0, []);
            } else this.row = Math.max(0, this.row - 1);
        } else if (whole === '\x1bD') this.down();
        else if (whole === '\x1bE') { this.column = 0; this.down(); }
        else if (whole === '\x1b7') this.saved = [this.row, this.column];
        else if (whole === '\x1b8') [this.row, this.column] = this.saved;
        else if (whole === '\x1bc') this.clear();
        if (!final) return;
        const n = (numbers || '').split(';').map((t) => parseInt(t, 10) || 0), one = Math.max(1, n[0]);
        const line = this.lines[this.row];
        switch (final) {
            case 'A': this.row = Math.max(0, this.row - one); break;
            case 'B': case 'e': this.row = Math.min(ROWS - 1, this.row + one); break;
            case 'C': case 'a': this.column = Math.min(COLUMNS - 1, this.column + one); break;
            case 'D': this.column = Math.max(0, this.column - one); break;
            case 'G': case '`': this.column = Math.min(COLUMNS, one) - 1; break;
            case 'd': this.row = Math.min(ROWS, one) - 1; break;
            case 'H': case 'f':
                this.row = Math.min(ROWS, one) - 1;
                this.column = Math.min(COLUMNS, Math.max(1, n[1] || 1)) - 1;
                break;
            case 'J':
                if (n[0] === 0) { line.length = Math.min(line.length, this.column); this.blank(this.row + 1, ROWS); }
                else if (n[0] === 1) { this.blank(0, this.row); this.erase(0, this.column + 1); }
                else this.blank(0, ROWS);
                break;
            case 'K':
                if (n[0] === 0) line.length = Math.min(line.length, this.column);
                else if (n[0] === 1) this.erase(0, this.column + 1);
                else line.length = 0;
                break;
            case 'X': this.erase(this.column, this.column + one); break;
            case 'P': line.splice(this.column, one); break;
            case '@': line.splice(this.column, 0, ...Array.from({length: Math.min(one, COLUMNS)}, () => [' ', ''])); line.length = Math.min(line.length, COLUMNS); break;
            case 'L': case 'M':
                for (let i = 0; i < Math.min(one, ROWS); ++i) {
                    this.lines.splice(final === 'L' ? this.bottom : this.row, 1);
                    this.lines.splice(final === 'L' ? this.row : this.bottom, 0, []);
                }
                break;
            case 'S': for (let i = 0; i < Math.min(one, ROWS); ++i) this.scroll(); break;
            case 'r':
                this.top = Math.min(ROWS, one) - 1;
                this.bottom = Math.min(ROWS, n[1] || ROWS) - 1;
                if (this.bottom <= this.top) { this.top = 0; this.bottom = ROWS - 1; }
                this.row = this.column = 0;
                break;
            case 's': this.saved = [this.row, this.column]; break;
            case 'u': [this.row, this.column] = this.saved; break;
            case 'n': if (n[0] === 6) this.send(`\x1b[${this.row + 1};${this.column + 1}R`); break;
            case 'm': this.paint(n); break;
        }
    }
    blank(from, to) { for (let i = from; i < to; ++i) this.lines[i] = []; }
    erase(from, to) {
        const line = this.lines[this.row];
        for (let i = from; i < Math.min(to, line.length); ++i) line[i] = [' ', ''];
    }
    paint(n) {
        const set = new Set(this.style.split(' ').filter(Boolean));
        const colour = (name) => { for (const c of [...set]) if (/^c\d$/.test(c)) set.delete(c); if (name) set.add(name); };
        for (const code of n) {
            if (code === 0) set.clear();
            else if (code === 1) set.add('bold');
            else if (code === 7) set.add('inverse');
            else if (code === 22) set.delete('bold');
            else if (code === 27) set.delete('inverse');
            else if (code >= 30 && code <= 37) colour('c' + (code - 30));
            else if (code >= 90 && code <= 97) colour('c' + (code - 90));
            else if (code === 39) colour(null);
            else if (code === 38 || code === 48) break;
        }
        this.style = [...set].join(' ');
    }

    draw() {
        if (this.waiting) return;
        this.waiting = true;
        requestAnimationFrame(() => {
            this.waiting = false;
            const shown = [...this.history, ...this.lines];
            const cursor = this.history.length + this.row;
            this.element.replaceChildren(...shown.map((line, i) => this.lineElement(line, i === cursor ? this.column : -1)));
            this.element.scrollTop = this.element.scrollHeight;
        });
    }
    lineElement(line, cursor) {
        const div = document.createElement('div');
        const cells = line.slice();
        if (cursor >= 0) while (cells.length <= Math.min(cursor, COLUMNS - 1)) cells.push([' ', '']);
        let run = '', style = null;
        const flush = () => {
            if (style === null || !run) return;
            const span = document.createElement('span');
            span.className = style;
            span.textContent = run;
            div.append(span);
        };
        cells.forEach(([c, s], i) => {
            if (i === Math.min(cursor, COLUMNS - 1) && cursor >= 0) s = (s + ' cursor').trim();
            if (s !== style) { flush(); run = ''; style = s; }
            run += c;
        });
        flush();
        return div;
    }
}
