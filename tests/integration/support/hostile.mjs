// What a hostile or careless client may write for a parameter.

/** Texts; the caller encodes them. */
export const texts = [
  ...['', ' ', '\t', '\n', '\r\nx: y', '\0', 'a\0b', '\x7f', '\\', '"', "'", '(', ')', '*', '^'],
  ...['%', '_', '-', ':', ',', '/', '.', '..', '../../etc/passwd', '[]', '{}', '{"a":1}', 'a,b'],
  ...['0', '-0', '00', '+5', '-1', '1.5', '1e3', '1e400', '0x10', 'NaN', 'Infinity', '1_000', '1 '],
  ...['2147483648', '9223372036854775807', '9223372036854775808', '-9223372036854775809'],
  '9'.repeat(30),
  '9'.repeat(400),
  ...['true', 'TRUE', 'yes', 'null', 'undefined', 'None'],
  ...["' OR 1=1 --", '"; DROP TABLE request_logs; --', '1; SELECT 1', 'a" OR "b', 'x UNION SELECT'],
  ...['<script>alert(1)</script>', '&lt;', '${7*7}', '{{7*7}}', '=cmd|x', '$(id)'],
  ...['NEAR("a" "b")', 'AND', 'a AND', 'NOT a', 'model:a', 'a*', '"a', 'a +b', '-a'],
  ...['你好', 'é', 'e\u0301', '👩‍👩‍👧', '\u202e', '\u200b', '\ufeff', '\uffff', '\u{10ffff}', 'ﷺ'],
  ...['0000-01-01', '0001-01-01', '9999-12-31', '2026-02-30', '2026-1-1', '20260101', '2026-01-01'],
  ...['2026-01-01T00:00:00Z', '2026-01-01T25:00:00Z', '2026-01-01T00:00:00+99:99'],
  ...['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '2026-01-01T00:00:00', 'yesterday'],
  ...['0d', '-1d', '36501d', '99999999999999999999d', 'd', '1w'],
  '00000000-0000-7000-8000-000000000000',
  '00000000-0000-7000-8000-00000000000g',
  'x'.repeat(300),
  'x'.repeat(8192),
  '你'.repeat(800),
];

/** Encoded already, and wrongly: no server can make a text of them. */
export const illFormed = [
  ...['%ff', '%c3%28', '%c3', '%ed%a0%80', '%f4%90%80%80', 'a%00b', '%', '%4', '%zz', 'a%2'],
  ...['"', '<b>', '{x}', 'a|b', '^', '`', '\\', '\xff', '你'],
];

/** For a member of a JSON body. */
export const values = [
  ...texts,
  ...[null, true, false, 0, -1, 1.5, 1e300, -1e300, 9007199254740993, [], [1], {}, { a: 1 }],
  [[[]]],
  'x'.repeat(100_000),
];

/** Bodies that are no JSON object, or not one alone. */
export const bodies = [
  ...['', ' ', '{', '}', '[]', '[{}]', 'null', 'true', '1', '"x"', 'NaN', '{a:1}', "{'a':1}", '{},'],
  ...['{"a":NaN}', '{"a":Infinity}', '{"a":01}', '{"a":1e999}', '{}{}', '// x', '\ufeff{}'],
  Buffer.from('{"a":"\xff"}', 'latin1'),
  Buffer.from('{"\xff":1}', 'latin1'),
  '{"a":"\\ud800"}',
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
];

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const pick = (random, list) => list[Math.floor(random() * list.length)];

/** Up to 40 characters from all over Unicode, half of them ASCII. */
export function randomText(random) {
  const length = Math.floor(random() * 40);
  return Array.from({ length }, () => {
    if (random() < 0.5) return String.fromCharCode(Math.floor(random() * 128));
    const point = Math.floor(random() * 0x110000);
    return point >= 0xd800 && point < 0xe000 ? '?' : String.fromCodePoint(point);
  }).join('');
}
