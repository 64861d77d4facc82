-- Cancels a schedule, unless it was ever leased, and remembers its id for a while: src/store/decisions/schedule.ts.
--
-- KEYS  due, payloads, plan, sent
-- ARGV  member, id, how long to remember, in ms
-- Gives 'cancelled' (now or before), 'leased' or 'unknown'.

local due, payloads, plan, sent = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, id = ARGV[1], ARGV[2]
local free = redis.call('ZSCORE', due, member)
if not free then return redis.call('GET', sent) == 'cancelled' and 'cancelled' or 'unknown' end
if free ~= redis.call('ZSCORE', plan, id) then return 'leased' end
redis.call('ZREM', due, member)
redis.call('ZREM', plan, id)
redis.call('HDEL', payloads, member)
redis.call('SET', sent, 'cancelled', 'PX', ARGV[3])
return 'cancelled'
