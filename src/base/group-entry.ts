/**
 * Who may join a named group: anybody; only who was invited; nobody, whoever is invited. Those in it
 * stay in any case, and whoever was removed joins only after an invitation.
 */
export const groupEntries = ['open', 'invite', 'closed'] as const;
export type GroupEntry = (typeof groupEntries)[number];
