import CapacityAPI
import CapacityModel
import Logging

extension Keeper {
    /// Does what a written step decided. Returns at once; outcomes come back as events.
    func perform(_ effects: [Roster.Effect]) {
        for effect in effects {
            switch effect {
            case .start(let instance):
                work.add(.start(instance))
            case .stop(let instance, let killAt):
                self.killAt[instance] = killAt
                work.add(.stop(instance))
            case .send(let site, let report):
                launch { await $0.send(report, of: site) }
            }
        }
        dispatch()
    }

    /// Fills the engine's free places, unless the engine is away.
    func dispatch() {
        guard enginePause == nil else { return }
        while let next = work.next() {
            switch next {
            case .start(let instance):
                guard let held = roster.instances[instance], case .starting(let starting) = held.machine.phase else {
                    // Overtaken by the end of its window between decision and turn.
                    work.finished(instance)
                    continue
                }
                let assignment = held.machine.assignment
                let site = held.site
                launch { await $0.start(assignment, at: site, afterClearing: starting.mayHaveLeft) }
            case .stop(let instance):
                launch { await $0.stop(instance) }
            }
        }
    }

    private func start(
        _ assignment: AgentWire.Assignment, at site: String, afterClearing mayHaveLeft: Bool
    ) async {
        let instance = assignment.instance
        let engine = engine
        do throws(EngineFailure) {
            if mayHaveLeft { _ = try await engine.stop(instance, grace: .zero) }
            let address = try await engine.start(assignment, at: site)
            engineFailures = 0
            done(instance, .started(instance, address: address))
        } catch {
            note(error, doing: "start", of: instance)
            done(instance, .startFailed(instance, error))
        }
    }

    private func stop(_ instance: String) async {
        let engine = engine
        let grace = max(.zero, (killAt[instance] ?? now) - now)
        do throws(EngineFailure) {
            let halt = try await engine.stop(instance, grace: grace)
            engineFailures = 0
            if halt == .gone { killAt[instance] = nil }
            done(instance, .halted(instance, halt))
        } catch {
            note(error, doing: "stop", of: instance)
            done(instance, .stopFailed(instance))
        }
    }

    private func done(_ instance: String, _ event: Roster.Event) {
        work.finished(instance)
        // The agent stops: what a cancelled call came to is for the next life to find out.
        guard !Task.isCancelled else { return }
        post(event)
        // The place is free at once. A commit that is under way need not end first.
        dispatch()
    }

    /// Says what went wrong. An engine that is away is left alone for a while, so that a thousand instances in line do
    /// not each find it out for themselves.
    private func note(_ failure: EngineFailure, doing what: String, of instance: String) {
        guard !Task.isCancelled else { return }
        let metadata: [String: Logger.MetadataValue] = ["instance": "\(instance)", "error": "\(failure)"]
        guard case .unreachable = failure else {
            logger.warning("\(what) failed", metadata: metadata)
            return
        }
        guard enginePause == nil else { return }
        engineFailures += 1
        let pause = timekeeper.elapsed + Backoff.engine.ceiling(afterFailures: engineFailures)
        enginePause = pause
        logger.warning("\(what) failed, the engine is away and left alone for a while", metadata: metadata)
        launch { keeper in
            try? await keeper.timekeeper.sleep(until: pause)  // Cut short, there is nothing left to do.
            await keeper.endEnginePause()
        }
    }

    private func endEnginePause() {
        enginePause = nil
        guard !Task.isCancelled else { return }
        dispatch()
    }

    /// Sends one report until the centre has it. Never gives up: nothing that happened here may be lost.
    private func send(_ report: AgentWire.Report, of site: String) async {
        var failures = 0
        while !Task.isCancelled {
            let sent = timekeeper.elapsed
            do throws(CentreFailure) {
                let answer = try await centre.report(report, of: site)
                heard(answer.now, sent: sent)
                if answer.sequence >= report.sequence || answer.sequence + 1 != report.sequence {
                    post(.reported(site: site, answer))
                    return
                }
                throw CentreFailure.refused("report \(report.sequence) was answered with \(answer.sequence)")
            } catch {
                failures += 1
                await pause(after: error, failures: failures, doing: "report", of: site)
            }
        }
    }

    /// Waits as long as `failure` asks for, after saying it.
    ///
    /// Cut off, a thousand sites fail together: one of them is heard every ten seconds, the others only at debug level.
    func pause(after failure: CentreFailure, failures: Int, doing what: String, of site: String) async {
        guard failure != .cancelled, !Task.isCancelled else { return }
        let isHeard = centreComplaint.map { timekeeper.elapsed - $0 >= .seconds(10) } ?? true
        if isHeard { centreComplaint = timekeeper.elapsed }
        let level: Logger.Level =
            switch failure {
            case .unreachable, .cancelled: .warning
            case .unauthorized, .refused: .error
            }
        logger.log(
            level: isHeard ? level : .debug, "call to the centre failed, trying on",
            metadata: ["call": "\(what)", "site": "\(site)", "failures": "\(failures)", "error": "\(failure)"]
        )
        // A wait that is cut short means the agent stops; the caller's loop sees that.
        try? await timekeeper.sleep(for: failure.wait(afterFailures: failures))
    }
}
