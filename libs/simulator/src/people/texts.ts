import type { Random } from "../random.ts";

/** Twenty scripts as people write them, with what breaks naive code: joiners, marks, right-to-left, far planes. */
const phrases: readonly string[] = [
  "See you at eight, bring the blue folder.",
  "Größe stimmt, façade übermalt, naïve Idee.",
  "Увидимся завтра у старого моста",
  "Τα λέμε αύριο το πρωί στο λιμάνι",
  "نلتقي غدًا عند المحطة إن شاء الله",
  "נתראה מחר ליד התחנה, בסדר?",
  "कल सुबह स्टेशन पर मिलते हैं, क्ष त्र ज्ञ",
  "কাল সকালে স্টেশনে দেখা হবে",
  "நாளை காலை நிலையத்தில் சந்திப்போம்",
  "రేపు ఉదయం స్టేషన్ దగ్గర కలుద్దాం",
  "ನಾಳೆ ಬೆಳಿಗ್ಗೆ ನಿಲ್ದಾಣದಲ್ಲಿ ಭೇಟಿಯಾಗೋಣ",
  "നാളെ രാവിലെ സ്റ്റേഷനിൽ കാണാം",
  "พรุ่งนี้เจอกันที่สถานีนะ",
  "ມື້ອື່ນພົບກັນຢູ່ສະຖານີ",
  "မနက်ဖြန် ဘူတာမှာ တွေ့မယ်",
  "ხვალ სადგურზე შევხვდებით",
  "Վաղը կհանդիպենք կայարանում",
  "ነገ ጠዋት ጣቢያው ላይ እንገናኝ",
  "明天早上在车站见，好吗？",
  "明日の朝、駅で会いましょうね。ガギグゲゴ",
  "내일 아침 역에서 만나요 한글",
  "སང་ཉིན་ས་ཚིགས་སུ་མཇལ་ཡོང་།",
];

const ornaments: readonly string[] = [
  "👍🏽",
  "👩🏽‍🚀",
  "👨‍👩‍👧‍👦",
  "🏳️‍🌈",
  "🇺🇦🇯🇵",
  "❤️‍🔥",
  "e\u0301 a\u0308 n\u0303",
  "Z\u0351\u036B\u0343a\u0329l\u0321g\u0322o\u0489",
  "\u202Eright to left\u202C",
  "a\u200Bzero\u200Bwidth",
  "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𓂀 𐍈",
  "\t tab and\nline end\r\n",
  '"quotes" \\ back \u2028 \u2029',
];

const reactions: readonly string[] = ["👍", "❤️", "😂", "🎉", "👩🏽‍🚀", "🏳️‍🌈", "+1"];

/** One message: mostly a line, sometimes a page, one in three with emoji or other things that break naive code. */
export function drawText(random: Random): string {
  const parts = [random.pick(phrases)];
  if (random.chance(0.35)) parts.push(random.pick(ornaments));
  const more = Math.min(60, Math.floor(random.logNormal(0.6, 1.2)));
  for (let count = 0; count < more; count++) parts.push(random.pick(phrases));
  return parts.join(" ");
}

export function drawReaction(random: Random): string {
  return random.pick(reactions);
}
