/**
 * Finding people by what one has typed of their names. Whoever types Korean leaves out: ㄱㅁㅅ is 김민수 by its initial
 * consonants, and 미 is 민 before its last key. So a consonant stands for every syllable that begins with it, and an open
 * syllable for every one that it may still become.
 */

const initials = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
/** The first and the last syllable of Unicode, in blocks of 588 for each initial, of 28 for each of its vowels. */
const first = 0xac00
const last = 0xd7a3
const ofInitial = 588
const ofVowel = 28

/** What does not stand for itself in a regular expression, in any of the three dialects. */
const syntax = "^$\\.*+?()[]{}|/"

const range = (from: number, length: number) =>
  `${String.fromCodePoint(from)}-${String.fromCodePoint(from + length - 1)}`

const classOf = (char: string): string => {
  const initial = initials.indexOf(char)
  // The consonant itself, too: a name may be kept by its initials.
  if (initial >= 0) return `[${char}${range(first + initial * ofInitial, ofInitial)}]`
  const code = char.codePointAt(0) ?? 0
  if (code >= first && code <= last) {
    return (code - first) % ofVowel === 0 ? `[${range(code, ofVowel)}]` : char
  }
  if (syntax.includes(char)) return `\\${char}`
  // Both cases by hand: the stores do not agree on which letters go together.
  const cases = [...new Set([char, char.toLowerCase(), char.toUpperCase()])].filter((one) => [...one].length === 1)
  return cases.length > 1 ? `[${cases.join("")}]` : char
}

/**
 * The source of a regular expression that a name contains which was meant, for names in NFC. It is one for POSIX
 * (PostgreSQL), PCRE (MongoDB) and JavaScript, and never looks back: its time is the name's length.
 */
export const nameSearch = (typed: string): string => [...typed.normalize("NFC").trim()].map(classOf).join("")
