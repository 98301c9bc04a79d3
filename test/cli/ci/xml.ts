/** An element of an XML document. */
export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  /** The text between its tags, trimmed. */
  text: string;
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const name = "[A-Za-z_][\\w.-]*";
const tag = new RegExp(`<(/?)(${name})((?:\\s+${name}="[^"<]*")*)\\s*(/?)>`, "y");

/**
 * Parses the XML of a report: elements with attributes that contain other elements or text.
 *
 * @throws for anything that a conforming parser refuses, including characters that XML does not allow
 */
export function parseXml(text: string): XmlElement {
  const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text);
  if (forbidden !== null) throw new Error(`XML has no character ${JSON.stringify(forbidden[0])}`);
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!text.startsWith(declaration)) throw new Error("there is no declaration");
  const root: XmlElement = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  let at = declaration.length;
  while (at < text.trimEnd().length) {
    const between = /^[^<]*/.exec(text.slice(at))?.[0] ?? "";
    if (between.trim() !== "") (open.at(-1) as XmlElement).text += unescape(between).trim();
    tag.lastIndex = at += between.length;
    const [whole, close, tagName = "", given = "", empty] = tag.exec(text) ?? [];
    if (whole === undefined) throw new Error(`no tag begins at: ${text.slice(at, at + 80)}`);
    at += whole.length;
    if (close === "/") {
      if (open.pop()?.name !== tagName) throw new Error(`</${tagName}> closes another element`);
      continue;
    }
    const element: XmlElement = { name: tagName, attributes: attributesOf(given), children: [], text: "" };
    open.at(-1)?.children.push(element);
    if (empty === "") open.push(element);
  }
  const [document, ...others] = root.children;
  if (open.length !== 1 || document === undefined || others.length > 0)
    throw new Error("it is not one element");
  return document;
}

function attributesOf(given: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, key = "", value = ""] of given.matchAll(new RegExp(`(${name})="([^"]*)"`, "g"))) {
    if (key in attributes) throw new Error(`there are two attributes ${key}`);
    attributes[key] = unescape(value);
  }
  return attributes;
}

function unescape(text: string): string {
  return text.replace(/&([^;]*;?)/g, (_, entity: string) => {
    const character = entities[entity.replace(/;$/, "")];
    if (character === undefined || !entity.endsWith(";")) throw new Error(`there is no entity &${entity}`);
    return character;
  });
}
