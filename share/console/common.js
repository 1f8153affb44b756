// What both pages do: ask for tickets, show the power state, come back after a cut.
const query = new URLSearchParams(location.search);
export const vm = query.get('vm') || '';
let ticket = query.get('ticket');            // given from outside: good for one connection

export const byId = (id) => document.getElementById(id);
// In full: a page whose own address has a password in it may fetch nothing by a relative one.
function at(path, words) { return location.origin + path + '?' + new URLSearchParams(words); }
export function say(words) { byId('status').textContent = words; }

// The address of a WebSocket, or null: one has to log in again or the VM shows nothing.
export async function address(kind) {
    const scheme = 'wss://' + location.host;
    if (ticket) {
        const once = ticket;
        ticket = null;
        return scheme + '/ticket/' + encodeURIComponent(once);
    }
    const answer = await fetch(at('/console/ticket', {vm, kind}), {method: 'POST'});
    if (answer.ok) return scheme + (await answer.json()).url;
    if (answer.status === 401) say('you are not logged in: load the page again');
    else say((await answer.text()).trim());
    return null;
}

// Calls `connect` until it has begun; and again, a little later each time, after again().
export function keepConnected(connect) {
    let wait = 500, timer = null;
    const attempt = async () => {
        timer = null;
        try {
            if (await connect()) return;
        } catch (error) {
            say('the host does not answer');
        }
        again();
    };
    const again = () => {
        if (timer) return;
        timer = setTimeout(attempt, wait);
        wait = Math.min(wait * 2, 10000);
    };
    const works = () => { wait = 500; };
    const now = () => {
        if (!timer) return;
        clearTimeout(timer);
        wait = 500;
        attempt();
    };
    attempt();
    return {again, works, now};
}

// The host answers when the state changes, so this waits rather than asks.
export async function watchPower(changed) {
    let known = '';
    for (;;) {
        try {
            const answer = await fetch(at('/console/state', {vm, known}));
            if (answer.status === 401 || answer.status === 404) return;   // a visitor with a ticket alone
            if (!answer.ok) throw new Error(answer.statusText);
            const state = await answer.json();
            if (state.state !== known) {
                known = state.state;
                const power = byId('power');
                power.className = 'lamp ' + known;
                power.textContent = {poweredOn: 'powered on', poweredOff: 'powered off', suspended: 'suspended',
                                     paused: 'paused', gone: 'removed'}[known] || known;
                byId('name').textContent = state.name;
                document.title = state.name;
                changed(known);
            }
        } catch (error) {
            await new Promise((done) => setTimeout(done, 3000));
        }
    }
}
