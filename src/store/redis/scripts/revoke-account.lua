-- Lets in no more whoever was let in with the present generation of an account.
--
-- KEYS  account
-- ARGV  'block' or 'unblock' (what is so already stays), or '' to leave that as it is
-- Gives the generation, or nil: there is no such account.
--
-- The hash of an account is described in create-account.lua.

local generation = tonumber(redis.call('HGET', KEYS[1], 'generation'))
if not generation then return false end
local isBlocked = generation < 0
local shall = isBlocked
if ARGV[1] ~= '' then
  shall = ARGV[1] == 'block'
  if shall == isBlocked then return generation end
end
generation = math.abs(generation) + 1
if shall then generation = -generation end
redis.call('HSET', KEYS[1], 'generation', generation)
return generation
