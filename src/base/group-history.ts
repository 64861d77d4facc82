/**
 * What members of a named group may read: what was said since their latest joining, or all that is
 * still kept. Whoever creates the group chooses, for good.
 */
export const groupHistories = ['joined', 'all'] as const;
export type GroupHistory = (typeof groupHistories)[number];
