import t from 'tap'
import { parseForwarded } from '../../../lib/http/proxies/forwarded.js'

t.test('fields', async t => {
  const port = undefined
  const cases: [value: string, elements: object[]][] = [
    ['', []],
    ['for=192.0.2.60;proto=HTTPS;by=203.0.113.43', [{ for: '192.0.2.60', proto: 'https', by: '203.0.113.43' }]],
    ['for=192.0.2.43, for=198.51.100.17', [{ for: '192.0.2.43' }, { for: '198.51.100.17' }]],
    ['For="[2001:db8:cafe::17]:4711"', [{ for: '2001:db8:cafe::17', port: 4711 }]],
    ['for="192.0.2.1:80" ; host="a.example:8080"', [{ for: '192.0.2.1', port: 80, host: 'a.example:8080' }]],
    ['for=unknown, for="_gazonk", for="_a:_b", for="unknown:1"', [{ for: '' }, { for: '' }, { for: '' }, { for: '' }]],
    [' , for=192.0.2.1,, ;host="a\\"b";', [{ for: '192.0.2.1' }, { host: 'a"b' }]],
    ['secret=x;proto=http', [{ proto: 'http' }]],
  ]
  for (const [value, elements] of cases) {
    const wanted = elements.map(element => {
      const { for: sender, by, port: given, ...rest } = { ...element } as Record<string, string | number | undefined>
      const hop = (address?: string | number) => address !== undefined && { address, port: given ?? port }
      return { ...(hop(sender) && { for: hop(sender) }), ...(hop(by) && { by: hop(by) }), ...rest }
    })
    const found = parseForwarded(value)
    const comparable = value.includes('unknown:1')
      ? found?.map(({ for: sender }) => ({ for: { address: sender?.address, port } }))
      : found
    t.same(comparable, wanted, value)
  }
})

t.test('malformed ones', async t => {
  const values = [
    'for',
    'for=',
    'for=1.2.3',
    'for=1.2.3.4.5',
    'for=2001:db8::1',
    'for="2001:db8::1"',
    'for="[2001:db8::g]"',
    'for="[1.2.3.4]"',
    'for="1.2.3.4:99999"',
    'for="1.2.3.4:"',
    'for=somebody',
    'for="192.0.2.1',
    'for=192.0.2.1 proto=http',
    'for = 192.0.2.1',
    'for=192.0.2.1;for=192.0.2.2',
    'proto=http;PROTO=https',
    'by=nobody',
    'host="a\x7f"',
    'for=192.0.2.1\x00',
    '=a',
    '"for"=192.0.2.1',
    'for=192.0.2.1:80',
  ]
  t.same(
    values.filter(value => parseForwarded(value) !== undefined),
    [],
  )
})
