import CapacityAPI
import CapacityModel
import FoundationEssentials
import Glibc

/// Follows one order until a goal is reached or out of reach, and shows how it goes.
///
/// Events make it prompt; reading the order and its instances every now and then makes it right, whatever the events
/// did.
struct OrderWatch: Sendable {
    let service: Service
    let order: String
    let goal: WatchGoal
    /// How long is waited at most.
    let limit: Duration?

    /// What the three sources say to the one place that decides and draws.
    enum Input: Sendable {
        case event(OrderEventView)
        case order(OrderView, asked: Int64)
        case instances([InstanceView])
        case tick
        case failed(Failure)
    }

    /// How long the service may be silent altogether.
    private static let silenceLimit = Duration.seconds(120)

    /// Returns when the goal is reached; throws `fellShort` when it cannot be any more, or why the order was given up.
    func run(on output: Output) async throws(Failure) {
        // A service that answers, if only that its database is away, is waited for; one that does not is perhaps not there.
        let first: OrderView = try await patiently(alsoWhenNobodyAnswers: false) { () async throws(Failure) in
            try await service.get(orderPath(order))
        }
        let sources = WatchSources(service: service, order: order)
        var display = WatchDisplay(output: output)
        var progress = try await follow(OrderProgress(first, goal: goal), sources, &display)
        let instances = try await patiently { () async throws(Failure) in
            try await service.list(orderPath(order, "/instances"), of: InstanceView.self).items
        }
        progress.absorb(instances)
        // Events tell that an order is being released, not why: that may have been written after it was last read.
        if progress.isOver {
            let last: OrderView = try await patiently { () async throws(Failure) in
                try await service.get(orderPath(order))
            }
            progress.absorb(last, asked: progress.sequence)
        }
        display.finish(progress, at: .now)
        let problem = progress.order.problem
        if let problem, goal == .ready { throw Failure(givenUp: order, problem) }
        if let problem { output.write("\n" + OrderDescription.givenUp(problem)) }
        if case .fellShort(let reason)? = progress.outcome {
            throw Failure(.fellShort, reason)
        }
        let summary =
            goal == .ready
            ? WatchSummary.delivery(progress.order, instances) : WatchSummary.release(progress.order, instances)
        if !summary.isEmpty { output.write("\n" + summary) }
    }

    /// Asks again while the service is unavailable, for as long as a silent one is put up with.
    private func patiently<Value>(
        alsoWhenNobodyAnswers: Bool = true,
        _ ask: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let began = ContinuousClock.now
        while true {
            do {
                return try await ask()
            } catch {
                guard error.status == .unavailable, alsoWhenNobodyAnswers || error.problem != nil,
                    .now - began < Self.silenceLimit
                else {
                    throw error
                }
            }
            try await Service.wait(.seconds(1))
        }
    }

    /// Takes inputs in until there is an outcome.
    private func follow(
        _ progress: OrderProgress,
        _ sources: WatchSources,
        _ display: inout WatchDisplay
    ) async throws(Failure) -> OrderProgress {
        let began = ContinuousClock.now
        var progress = progress
        var heard = began
        let (inputs, task) = sources.start()
        defer { task.cancel() }
        display.show(progress, at: .now)
        for await input in inputs {
            if progress.outcome != nil { return progress }
            switch input {
            case .event(let event): progress.absorb(event)
            case .order(let order, let asked): progress.absorb(order, asked: asked)
            case .instances(let instances): progress.absorb(instances)
            case .tick: break
            case .failed(let failure):
                guard failure.status == .unavailable, .now - heard < Self.silenceLimit else { throw failure }
            }
            switch input {
            case .event, .order, .instances: heard = .now
            case .tick, .failed: display.show(progress, at: .now)
            }
            sources.position.advance(to: progress.sequence)
            if progress.outcome != nil { return progress }
            if let limit, .now - began > limit {
                throw Failure(.fellShort, "not \(goal.rawValue) after \(limit.spoken): \(progress.line(at: .now))")
            }
        }
        throw Failure(.fellShort, "interrupted")
    }
}

extension Instant {
    /// What this machine's clock says, for showing how long something is still to come. Nothing is decided by it.
    static var now: Instant {
        Instant(microsecondsSinceEpoch: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
    }
}

/// Draws on a terminal, writes lines elsewhere.
struct WatchDisplay {
    private let output: Output
    private var terminal: Terminal?
    private var pace = LinePace()

    init(output: Output) {
        self.output = output
        terminal = output.terminal
    }

    mutating func show(_ progress: OrderProgress, at now: Instant) {
        guard terminal == nil else { return draw(progress, at: now) }
        let line = progress.line(at: now)
        if pace.admits(line, at: now) { write(line + progress.laggingNote, at: now) }
    }

    /// The last state is always shown.
    mutating func finish(_ progress: OrderProgress, at now: Instant) {
        guard terminal == nil else { return draw(progress, at: now) }
        let line = progress.line(at: now)
        if pace.admitsLast(line, at: now) { write(line, at: now) }
    }

    private func write(_ line: String, at now: Instant) {
        output.write("\(now.clock) \(line.printable)\n")
    }

    private mutating func draw(_ progress: OrderProgress, at now: Instant) {
        let (width, height) = output.size
        terminal?.draw(progress.screen(at: now, width: width, height: height - 1))
    }
}
