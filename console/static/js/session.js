// @ts-check
// What the tabs of a browser tell each other of who is signed in, so that none goes on showing the pages of somebody
// who has signed out.

const CHANNEL = "ordo-session";

/** @typedef {{ account: string, hasLeft: boolean }} Session account: empty if nobody is signed in */

/** @returns {Session} */
function ofThisPage() {
  const meta = document.querySelector("meta[name=account]");
  const account = meta instanceof HTMLMetaElement ? meta.content : "";
  return { account, hasLeft: !account && document.querySelector("[data-signed-out]") !== null };
}

/** Who was signed in when this page was made; empty: nobody. */
export const account = ofThisPage().account;

function signInPath() {
  return `/sign-in?left=1&next=${encodeURIComponent(location.pathname + location.search)}`;
}

/** A session that has ended by itself leaves the page as it is: what was typed can still be read. */
export function startSession() {
  if (!("BroadcastChannel" in globalThis)) return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (/** @type {MessageEvent<Session>} */ { data }) => {
    if (!account) return;
    if (data.hasLeft) location.replace(signInPath());
    else if (data.account && data.account !== account) location.reload();
  };
  channel.postMessage(ofThisPage());
}
