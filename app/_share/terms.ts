/** For how long links are shown, in days, and which sites frame them: as they are chosen and typed. */
export const spans = {
  0: "until it is taken back",
  1: "for a day",
  7: "for a week",
  30: "for a month",
  365: "for a year",
};

/** Sites with commas or spaces between them. */
export const sitesIn = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);
