import type { Random } from '../../gateway/fuzz/random.js'

/** What decides something somewhere in HTTP/1.1, alone or where it does not belong; `|` stands between. */
const WORDS = [
  '\r\n|\r|\n|\r\n\r\n| |\t|\0|\x0b|\x7f|\x80|\xa0|\xff|:|,|;|=|"|\\|@|#|?|/|*|%|[|]|(|-|+|_|0x|0|1|5|a|f|00000000|ffffffff',
  'GET |HEAD |POST |PUT |OPTIONS |CONNECT |PRI | HTTP/1.1| HTTP/1.0| HTTP/2.0| HTTP/0.9|http://|h2+x://|://|upgrade|close',
  'Host: a\r\n|Host:|Content-Length: 5\r\n|Content-Length: 0\r\n|content-length:|Transfer-Encoding: chunked\r\n|X-A: b\r\n',
  'transfer-encoding:|chunked|gzip|identity|Connection: close\r\n|Connection: keep-alive\r\n|Connection: Upgrade\r\n| \r\n',
  'Upgrade: h2c\r\n|Expect: 100-continue\r\n|100-continue|Content-Type: a/b\r\n|Proxy-Connection: close\r\n|Trailer: A\r\n',
  '0\r\n\r\n|1\r\na\r\n|5;a="b"\r\nabcde\r\n|TE: trailers\r\n',
].flatMap(line => line.split('|'))

/** Changes some of the bytes of a connection. */
export function mutate(random: Random, text: string): string {
  let changed = text
  for (let i = random.whole(0, 4); i > 0; i--) changed = change(random, changed)
  return changed
}

function change(random: Random, text: string): string {
  const at = random.whole(0, text.length)
  const size = random.whole(1, random.chance(0.3) ? 20 : 2)
  const [before, there, after] = [text.slice(0, at), text.slice(at, at + size), text.slice(at + size)]
  switch (random.whole(0, 7)) {
    case 0:
    case 1:
      return before + wordOf(random) + there + after
    case 2:
      return before + wordOf(random) + after
    case 3:
      return before + after
    case 4:
      return before + there + there + after
    case 5:
      return before + String.fromCharCode(random.whole(0, 255)) + after
    case 6:
      return before + swapCase(there) + after
    default:
      // A line goes elsewhere, or twice.
      return moveLine(random, text)
  }
}

function wordOf(random: Random): string {
  return WORDS[random.whole(0, WORDS.length - 1)] ?? ''
}

function swapCase(text: string): string {
  return text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase()
}

function moveLine(random: Random, text: string): string {
  const lines = text.split('\r\n')
  const from = random.whole(0, lines.length - 1)
  const [line = ''] = random.chance(0.5) ? lines.splice(from, 1) : [lines[from]]
  lines.splice(random.whole(0, lines.length), 0, line)
  return lines.join('\r\n')
}
