/** RFC 8288, section 3, as far as `103 Early Hints` needs it. */
const LINK = /^<[^>]*>(?:\s*;\s*[^;"\s]+(?:="?[^;"\s]*"?)?)*$/

/** The value of the field `Link` of early hints. @throws TypeError if one of them is no link */
export function linkField(link: string | readonly string[] = []): string {
  const links = [link].flat()
  for (const each of links) if (!LINK.test(each)) throw new TypeError(`illegal link: ${each}`)
  return links.join(', ')
}
