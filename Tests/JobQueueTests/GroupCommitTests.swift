import Synchronization
import Testing

@testable import JobQueue

@Suite("Group commit", .timeLimit(.minutes(1)))
struct GroupCommitTests {
    /// Writes nothing, but remembers the groups, and keeps the first waiting until it is let go.
    private final class Press: Sendable {
        let groups = Mutex<[[Int]]>([])
        private let gate = AsyncStream.makeStream(of: Void.self)

        func write(_ group: [Int]) async -> [Int] {
            let isFirst = groups.withLock { groups in
                groups.append(group)
                return groups.count == 1
            }
            if isFirst { await wait() }
            return group.map { -$0 }
        }

        func wait() async { for await _ in gate.stream { break } }

        func open() { gate.continuation.yield() }
    }

    @Test("who comes while others are written is written with all who came meanwhile, as many as a group has at most")
    func groups() async {
        let press = Press()
        let line = GroupCommit<Int, Int>(limit: 4, bound: 10) { await press.write($0()) }
        let answers = await withTaskGroup(of: (Int, Int?).self) { group in
            group.addTask { (0, await line.submit(0)) }
            while press.groups.withLock({ $0.isEmpty }) { await Task.yield() }
            for item in 1...10 { group.addTask { (item, await line.submit(item)) } }
            while line.waitingCount < 10 { await Task.yield() }
            #expect(await line.submit(11) == nil, "ten wait, and no more may")
            press.open()
            return await group.reduce(into: [:] as [Int: Int]) { $0[$1.0] = $1.1 }
        }
        #expect(press.groups.withLock { $0.map(\.count) } == [1, 4, 4, 2])
        #expect(press.groups.withLock { Set($0.joined()) } == Set(0...10))
        #expect(answers == Dictionary(uniqueKeysWithValues: (0...10).map { ($0, -$0) }), "each gets his own answer")
        #expect(await line.submit(11) == -11, "and the next one begins anew")
    }

    @Test("who comes before the group is asked for is in it")
    func lateGroup() async {
        let press = Press()
        let line = GroupCommit<Int, Int>(limit: 4, bound: 10) { group in
            await press.wait()
            return await press.write(group())
        }
        let answers = await withTaskGroup(of: Int?.self) { group in
            for item in 1...3 { group.addTask { await line.submit(item) } }
            while line.waitingCount < 3 { await Task.yield() }
            press.open()
            press.open()
            return await group.reduce(into: [] as Set<Int?>) { $0.insert($1) }
        }
        #expect(press.groups.withLock { $0.map(\.count) } == [3])
        #expect(answers == [-1, -2, -3])
    }
}
