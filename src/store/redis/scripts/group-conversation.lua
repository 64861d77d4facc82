-- Finds what a list of conversations shows of groups: src/store/decisions/conversation.ts.
--
-- KEYS  per group: members, talk, head, log
-- ARGV  per group: user id
-- Gives per group {at, number of the newest, unread}, or nil: the user is not in it.
--
-- The hash talk is described in append.lua and mark-member.lua.

local call, match, format = redis.call, string.match, string.format
-- include bodies.lua
-- include total.lua

local replies = {}
for item, user in ipairs(ARGV) do
  local key = item * 4 - 3
  local joined = match(call('HGET', KEYS[key], user) or '', '^%d+')
  replies[item] = false
  if joined then
    local facts = call('HMGET', KEYS[key + 1], 'said', '=' .. user)
    local total, at, seq = match(facts[1] or '0:0:0', '^(%d+):(%d+):(%d+)$')
    local head = tonumber(call('GET', KEYS[key + 2]) or 0)
    local seen, unread = math.min(head, tonumber(facts[2] or joined)), 0
    if seen < head then
      local entry = call('XRANGE', KEYS[key + 3], format('%d', seen + 1), '+', 'COUNT', 1)[1]
      if entry then unread = math.max(0, total - totalAt(entry, seen)) end
    end
    replies[item] = { tonumber(at), tonumber(seq), unread }
  end
end
return replies
