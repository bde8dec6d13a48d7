import Testing

@testable import Postgres

@Suite struct PlanCacheTests {
    @Test("the first use runs as it is, the second prepares, the third finds the plan")
    func uses() {
        var cache = PlanCache()
        let key = PlanCache.Key(text: "SELECT 1", types: [])
        #expect(cache.use(key) == .direct)
        #expect(cache.use(key) == .prepare("muster_1"))
        cache.prepared(key, as: "muster_1")
        #expect(cache.use(key) == .prepared("muster_1"))
    }

    @Test("a forgotten plan starts over under another name, and is dropped on the server")
    func forgetting() {
        var cache = PlanCache()
        let key = PlanCache.Key(text: "SELECT 1", types: [])
        _ = cache.use(key)
        _ = cache.use(key)
        cache.prepared(key, as: "muster_1")
        cache.forget(key)
        #expect(cache.mustDeallocate)
        cache.deallocated()
        #expect(!cache.mustDeallocate)
        #expect(cache.use(key) == .direct)
        #expect(cache.use(key) == .prepare("muster_2"))
    }

    @Test("a full cache begins anew")
    func bound() {
        var cache = PlanCache(capacity: 2)
        let keys = (1...3).map { PlanCache.Key(text: "SELECT \($0)", types: []) }
        for key in keys[0...1] {
            _ = cache.use(key)
            _ = cache.use(key)
            cache.prepared(key, as: "plan")
        }
        #expect(!cache.mustDeallocate)
        #expect(cache.use(keys[2]) == .direct)
        #expect(cache.mustDeallocate)
    }
}
