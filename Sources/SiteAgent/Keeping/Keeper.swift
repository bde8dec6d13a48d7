import CapacityAPI
package import CapacityModel
package import Logging

/// Holds the roster of an agent and makes its decisions real: gathers what happened, decides, writes, then acts.
///
/// One step takes everything that came since the last, so the slower a commit is, the more it carries. What a step
/// decided is done only after its commit has returned.
package actor Keeper {
    struct Letter {
        var event: Roster.Event
        /// Resumed when the event's step is written.
        var written: CheckedContinuation<Void, Never>?
    }

    /// The most events one step takes in: a bound on a transaction, not on what may wait.
    static let stepLimit = 5_000
    /// How far the stored clock offset may be from the true one before it is written again.
    static let offsetTolerance = Duration.milliseconds(50)

    let engine: any Engine
    let centre: any Centre
    let timekeeper: any Timekeeper
    let logger: Logger
    let store: OfflineStore

    var roster: Roster
    var clock: CentreClock
    var work: WorkQueue
    /// By instance: when what still runs is killed.
    var killAt: [String: Instant] = [:]
    var tasks: [Int: Task<Void, Never>] = [:]
    var inventories: [String: [String]] = [:]
    /// Until when an engine that is away is left alone, and how often in a row it was found away.
    var enginePause: Duration?
    var engineFailures = 0
    /// When it was last said that the centre does not answer as it should.
    var centreComplaint: Duration?

    private var mailbox: [Letter] = []
    private var taskCount = 0
    private var storedOffset: Duration?
    private var unwritten = Changes()
    private var heldBack: [Roster.Effect] = []
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var alarm: (elapsed: Duration, task: Task<Void, Never>)?
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    package init(
        engine: any Engine,
        centre: any Centre,
        store: OfflineStore,
        restored: Restored,
        timekeeper: any Timekeeper,
        logger: Logger
    ) {
        self.engine = engine
        self.centre = centre
        self.store = store
        self.timekeeper = timekeeper
        self.logger = logger
        roster = Roster(restored)
        work = WorkQueue(limit: engine.concurrency)
        storedOffset = restored.clockOffset
        clock = CentreClock(
            wall: timekeeper.wall, elapsed: timekeeper.elapsed, storedOffset: restored.clockOffset
        )
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        waker.yield()
    }

    /// Works until the task is cancelled. Instances are left as they are.
    package func run() async {
        for await _ in wake {
            repeat { await takeStep() } while !mailbox.isEmpty && !Task.isCancelled
        }
        alarm?.task.cancel()
        for task in tasks.values { task.cancel() }
        for letter in mailbox { letter.written?.resume() }
        for continuation in waiting { continuation.resume() }
        mailbox = []
        waiting = []
        waker.finish()
        for task in tasks.values { await task.value }
    }

    /// The centre's time now, as well as the agent knows it.
    package var now: Instant { clock.now(at: timekeeper.elapsed) }

    /// Hands in an event.
    func post(_ event: Roster.Event) {
        mailbox.append(Letter(event: event))
        waker.yield()
    }

    /// Hands in an event and returns when all that followed from it is written.
    func settle(_ event: Roster.Event) async {
        await withCheckedContinuation { continuation in
            mailbox.append(Letter(event: event, written: continuation))
            if case .terminated = waker.yield() { abandon() }
        }
    }

    /// Takes in what an answer said the time was.
    func heard(_ instant: Instant, sent: Duration) {
        clock.heard(instant, sent: sent, received: timekeeper.elapsed)
    }

    /// Runs `body` beside this keeper until it ends or the keeper does.
    func launch(_ body: @escaping @Sendable (Keeper) async -> Void) {
        taskCount += 1
        let number = taskCount
        tasks[number] = Task {
            await body(self)
            self.tasks[number] = nil
        }
    }

    // MARK: A step

    private func takeStep() async {
        let letters = Array(mailbox.prefix(Self.stepLimit))
        mailbox.removeFirst(letters.count)
        let now = now
        for letter in letters { roster.handle(letter.event, at: now) }
        roster.passTime(to: now)
        // Places that became free are filled with what is written already, before this step's own writing.
        dispatch()

        var (changes, effects) = roster.finish()
        changes.clockOffset = offsetToStore()
        waiting += letters.compactMap(\.written)
        unwritten.merge(changes)
        heldBack += effects
        await write()
        setAlarm()
    }

    private func write() async {
        do {
            if !unwritten.isEmpty { try await store.commit(unwritten) }
        } catch {
            // A stop is safe without its record, and must not wait for a disk: a new life would only stop it again.
            logger.error("cannot write; instances are stopped but none started", metadata: ["error": "\(error)"])
            let stops = heldBack.filter { if case .stop = $0 { true } else { false } }
            heldBack.removeAll { if case .stop = $0 { true } else { false } }
            perform(stops)
            launch { keeper in
                try? await keeper.timekeeper.sleep(for: .seconds(1))  // Cancelled means stopping: nothing to wake.
                await keeper.nudge()
            }
            return
        }
        unwritten = Changes()
        let effects = heldBack
        heldBack = []
        for continuation in waiting { continuation.resume() }
        waiting = []
        perform(effects)
    }

    private func offsetToStore() -> Duration? {
        let offset = clock.offset(wall: timekeeper.wall, elapsed: timekeeper.elapsed)
        let difference = offset - (storedOffset ?? .zero)
        guard difference > Self.offsetTolerance || difference < .zero - Self.offsetTolerance else { return nil }
        storedOffset = offset
        return offset
    }

    private func abandon() {
        for letter in mailbox { letter.written?.resume() }
        mailbox = []
    }

    private func nudge() { waker.yield() }

    /// Sets the one alarm of all instances to the time the first of them is due.
    private func setAlarm() {
        guard let due = roster.nextDue else { return }
        let elapsed = clock.elapsed(at: due)
        if let alarm, alarm.elapsed == elapsed, elapsed > timekeeper.elapsed { return }
        alarm?.task.cancel()
        let task = Task {
            do {
                try await self.timekeeper.sleep(until: elapsed)
                self.nudge()
            } catch {
                // Set to another time, or the agent stops.
            }
        }
        alarm = (elapsed, task)
    }
}
