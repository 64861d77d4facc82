-- Moves the cursors of members of groups.
--
-- KEYS  per group: members, head
-- ARGV  per group: number of acknowledgements, then for each: user id, number
-- Gives 1 per group.
--
-- A cursor moves as that of a device does (acknowledge.lua). The hash of members is described in join-group.lua.

local call, match, format = redis.call, string.match, string.format

local replies, argument = {}, 1
for item = 1, #KEYS / 2 do
  local members = KEYS[item * 2 - 1]
  local head = tonumber(call('GET', KEYS[item * 2]) or 0)
  local last = argument + ARGV[argument] * 2
  for at = argument + 1, last, 2 do
    local joined, cursor, rest = match(call('HGET', members, ARGV[at]) or '', '^(%d+):(%d+):(.+)$')
    local seq = math.min(tonumber(ARGV[at + 1]), head)
    if joined and (seq > tonumber(cursor) or tonumber(cursor) > head) then
      call('HSET', members, ARGV[at], format('%s:%d:%s', joined, seq, rest))
    end
  end
  argument = last + 1
  replies[item] = 1
end
return replies
