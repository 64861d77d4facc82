-- Moves what a user has read of a peer: src/store/decisions/conversation.ts.
--
-- KEYS  per move: log, talk, marks, watchers of the reader
-- ARGV  per move: peer, number
-- Gives per move {version, watchers} of the reader, or nil: nothing has moved.
--
-- The hash talk is described in block.lua and append.lua.

local call, match, format = redis.call, string.match, string.format
-- include bodies.lua
-- include total.lua

local replies = {}
for item = 1, #KEYS / 4 do
  local key, peer, seq = item * 4 - 3, ARGV[item * 2 - 1], tonumber(ARGV[item * 2])
  local talk = KEYS[key + 1]
  replies[item] = false
  local entry = seq > 0 and call('XRANGE', KEYS[key], format('%d', seq), '+', 'COUNT', 1)[1]
  if entry and match(entry[1], '%d+$') % 2 == 0 and beginsAt(entry) <= seq then
    local facts = call('HMGET', talk, '<' .. peer, '=' .. peer)
    local total = facts[1] and tonumber(match(facts[1], '^%d+')) or 0
    local flags, read = match(facts[2] or '0:0', '^(%d):(%d+)$')
    local reached = math.min(total, math.max(tonumber(read), totalAt(entry, seq)))
    if reached ~= tonumber(read) then
      call('HSET', talk, '=' .. peer, format('%s:%d', flags, reached))
      replies[item] = { call('HINCRBY', KEYS[key + 2], 'version', 1), call('GET', KEYS[key + 3]) }
    end
  end
end
return replies
