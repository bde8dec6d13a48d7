import CapacityAPI
import Logging

extension Keeper {
    /// Looks at what the engine has and takes it in. Returns when what follows is written.
    func survey() async throws(EngineFailure) {
        let asOf = roster.step
        let found = try await engine.list()
        await settle(.surveyed(found, asOf: asOf))
    }

    /// Surveys until it succeeds or the agent stops.
    func surveyAtLast() async {
        var failures = 0
        while !Task.isCancelled {
            do throws(EngineFailure) {
                return try await survey()
            } catch {
                failures += 1
                if failures.nonzeroBitCount == 1 {
                    logger.warning("cannot see what runs, trying on", metadata: ["error": "\(error)"])
                }
                // A wait that is cut short means the agent stops.
                try? await timekeeper.sleep(for: Backoff.engine.ceiling(afterFailures: failures))
            }
        }
    }

    /// Follows the centre's assignments for one site until the task is cancelled.
    func follow(_ site: String, waitSeconds: Int64) async {
        await tellInventory(of: site)
        var failures = 0
        while !Task.isCancelled {
            guard let pull = roster.nextPull(of: site) else { return }
            let sent = timekeeper.elapsed
            do throws(CentreFailure) {
                let answer = try await centre.assignments(
                    of: site, after: pull.after, waitSeconds: pull.mayWait ? waitSeconds : 0
                )
                failures = 0
                heard(answer.now, sent: sent)
                await settle(.pulled(site: site, after: pull.after, answer))
            } catch {
                failures += 1
                await pause(after: error, failures: failures, doing: "assignments", of: site)
            }
        }
    }

    private func tellInventory(of site: String) async {
        let inventory = AgentWire.Inventory(instances: (inventories[site] ?? []).sorted())
        do throws(CentreFailure) {
            try await centre.inventory(inventory, of: site)
        } catch {
            // The centre learns the same from reports; the inventory only tells it sooner.
            logger.warning("inventory not told", metadata: ["site": "\(site)", "error": "\(error)"])
        }
    }

    /// Takes in which sites the centre says are this agent's.
    func joined(_ answer: AgentWire.Joined, sent: Duration) async {
        heard(answer.now, sent: sent)
        await settle(.joined(answer.sites))
    }

    var siteNames: [String] { roster.sites.keys.sorted() }

    /// Remembers what each site has now, for the inventories its followers tell.
    func takeInventory() { inventories = roster.inventories() }
}
