/**
 * Answers as the evaluation of VQA compares them (Antol et al. 2015; GT-Vision-Lab/VQA, vqaEval.py): without
 * punctuation and articles, in small letters, numbers as digits, and with the apostrophes that contractions lack.
 */
export function normalizedAnswer(answer: string): string {
  return wordsOf(withoutPunctuation(answer));
}

/** Without line ends, tabs, and spaces around it: what the evaluation does to every answer. */
export function trimmedAnswer(answer: string): string {
  return answer.replaceAll("\n", " ").replaceAll("\t", " ").trim();
}

const punctuation = [...'/;[]"{}()=+\\_-><@`,?!'];

/**
 * A mark beside a space goes, and so do all marks where a comma parts digits; others become spaces. A full stop goes
 * unless a digit follows.
 */
function withoutPunctuation(answer: string): string {
  const hasThousands = /\d,\d/.test(answer);
  let text = answer;
  for (const mark of punctuation) {
    const isBesideSpace = answer.includes(`${mark} `) || answer.includes(` ${mark}`);
    text = text.replaceAll(mark, isBesideSpace || hasThousands ? "" : " ");
  }
  return text.replace(/\.(?!\d)/g, "");
}

function wordsOf(answer: string): string {
  const words = answer
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => digits.get(word) ?? word);
  return words
    .filter((word) => !articles.has(word))
    .map((word) => contractions.get(word) ?? word)
    .join(" ");
}

const articles = new Set(["a", "an", "the"]);

const digits = new Map([
  ["none", "0"],
  ...["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].map(
    (word, number) => [word, String(number)] as const,
  ),
]);

/** The contractions that the evaluation knows, each under every spelling that lacks one of its apostrophes. */
const contractions = new Map(
  `ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've
he's how'd how'll how's isn't it'd it'd've it'll ma'am might've mightn't mightn't've must've mustn't needn't not've
o'clock 'ow's'at oughtn't shan't she'd've should've shouldn't shouldn't've somebody'd
somebody'd've somebody'll somebody's someone'd someone'd've someone'll someone's something'd something'd've
something'll that's there'd there'd've there're there's
they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's what've when's
where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've wouldn't wouldn't've
y'all y'all'd've y'all'll you'd you'd've you'll you're you've`
    .split(/\s+/)
    .flatMap((word) => withoutOneApostrophe(word).map((spelling) => [spelling, word] as const)),
);

function withoutOneApostrophe(word: string): string[] {
  return [...word.matchAll(/'/g)].map(({ index }) => word.slice(0, index) + word.slice(index + 1));
}
