-- Leases schedules that find-due.lua found: they are due again when the lease runs out.
--
-- KEYS  per schedule: due, payloads
-- ARGV  lease in ms, then per schedule: member, the due time found
-- Gives per schedule: its payload, or nil if somebody else was faster.

-- include time.lua
local leasedUntil = nowMs + tonumber(ARGV[1])
local replies = {}
for item = 1, #KEYS / 2 do
  local due, payloads = KEYS[item * 2 - 1], KEYS[item * 2]
  local member, found = ARGV[item * 2], ARGV[item * 2 + 1]
  local payload = false
  if redis.call('ZSCORE', due, member) == found then
    redis.call('ZADD', due, leasedUntil, member)
    payload = redis.call('HGET', payloads, member)
  end
  replies[item] = payload
end
return replies
