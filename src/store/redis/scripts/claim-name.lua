-- Claims a name for a user id, unless a claim stands.
--
-- KEYS  name
-- ARGV  user id ('' only looks), the claim that is known to be void ('' none)
-- Gives the claim that now stands ("<user id>:<claimed at, ms>") or nil, and the time in ms.

-- include time.lua
local claim = redis.call('GET', KEYS[1])
if ARGV[1] ~= '' and (not claim or claim == ARGV[2]) then
  claim = string.format('%s:%d', ARGV[1], nowMs)
  redis.call('SET', KEYS[1], claim)
end
return { claim, nowMs }
