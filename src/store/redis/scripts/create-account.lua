-- Creates an account under a name that was claimed, while the claim is young enough.
--
-- KEYS  account, watchers
-- ARGV  name, the time in ms after which the claim may be given to somebody else, verifier ('' none)
-- Gives 'created', 'late', 'deleted' (delete-account.lua), or 'exists' and the name that the account bears.
--
-- The hash of an account:
--   name        as it was registered
--   verifier    what its secret is checked by; '': it has none
--   generation  from 1; sessions open only with the present one (open-session.lua); below 0 while it is blocked
--   public      the public key of its pair, and
--   wrapped     the private one, which only the account's devices can unwrap; neither of them: it has no pair
--   last-seen   when a session was last opened or closed, in ms, 0 before the first; not there: it is not shown (show-last-seen.lua)
--   deleted     in place of all others: the name that it had, until that is free
--   earlier     public keys that it had before, newest first, a space between two

if redis.call('GET', KEYS[2]) == '[]' then return { 'deleted' } end
local existing = redis.call('HGET', KEYS[1], 'name')
if existing then return { 'exists', existing } end
-- include time.lua
if nowMs > tonumber(ARGV[2]) then return { 'late' } end
redis.call('HSET', KEYS[1], 'name', ARGV[1], 'verifier', ARGV[3], 'generation', 1)
return { 'created' }
