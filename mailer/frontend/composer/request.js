// Asking the server: JSON there and back; whatever it refuses becomes an error with its own sentence.
export class Refused extends Error {
  constructor(message, fields = {}) {
    super(message);
    this.fields = fields;
  }
}

export function requester(csrfToken) {
  return async function request(url, body, { signal } = {}) {
    const answer = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json", "X-CSRFToken": csrfToken }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    if (!answer.ok) {
      const said = isJson ? await answer.json() : {};
      throw new Refused(said.message ?? "The server did not answer. Are you still signed in?", said.fields);
    }
    return answer.json();
  };
}
