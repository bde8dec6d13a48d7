import CapacityAPI
package import Logging
import ServiceLifecycle

/// The far side of Muster: makes assignments of some sites real through an engine, and reports back.
///
/// It dials out and nobody dials in. When it stops, gracefully or not, instances go on; its next life finds them.
package struct Agent: Service {
    package struct Settings: Sendable {
        /// What the agent calls itself to the centre.
        package var name: String
        /// Empty means every site its key may serve.
        package var sites: [String]
        package var waitSeconds: Int64 = 25
        /// How often the engine is compared with what is known.
        package var surveyEvery = Duration.seconds(10)
        /// How often the centre is asked for sites added since, and for the time.
        package var joinEvery = Duration.seconds(60)
        /// The same, as long as there are no sites at all.
        package var joinEveryWithoutSites = Duration.seconds(2)

        package init(name: String, sites: [String]) {
            self.name = name
            self.sites = sites
        }
    }

    private let settings: Settings
    private let keeper: Keeper
    private let engine: any Engine
    private let centre: any Centre
    private let timekeeper: any Timekeeper
    private let logger: Logger

    /// An agent that goes on where the store ends.
    package init(
        settings: Settings,
        engine: any Engine,
        centre: any Centre,
        store: OfflineStore,
        timekeeper: any Timekeeper,
        logger: Logger
    ) async throws(StoreFailure) {
        let restored = try await store.restore()
        await engine.recall(restored.running)
        logger.info(
            "agent starts",
            metadata: [
                "agent": "\(settings.name)", "engine": "\(engine.name)", "sites": "\(restored.sites.count)",
                "instances": "\(restored.instances.count)",
            ]
        )
        self.settings = settings
        self.engine = engine
        self.centre = centre
        self.timekeeper = timekeeper
        self.logger = logger
        keeper = Keeper(
            engine: engine, centre: centre, store: store, restored: restored, timekeeper: timekeeper, logger: logger
        )
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await keeper.run() }
                group.addTask { await surveyEverySoOften() }
                await serve(in: &group)
            }
        }
        logger.info("agent stopped; instances go on")
    }

    /// Starts following each site once: first those known from an earlier life, which needs no centre, then those the
    /// centre names, as often as it names new ones.
    private func serve(in group: inout DiscardingTaskGroup) async {
        await keeper.surveyAtLast()
        var followed: Set<String> = []
        await follow(await keeper.siteNames, beside: &followed, in: &group)
        var failures = 0
        while !Task.isCancelled {
            let sent = timekeeper.elapsed
            do throws(CentreFailure) {
                let request = AgentWire.Join(agent: settings.name, sites: settings.sites, engine: engine.name)
                let answer = try await centre.join(request)
                failures = 0
                await keeper.joined(answer, sent: sent)
                let new = answer.sites.map(\.name).filter { !followed.contains($0) }
                if !new.isEmpty {
                    logger.info("sites joined", metadata: ["new": "\(new.count)", "all": "\(answer.sites.count)"])
                    // Nothing is started at a site before it is known what runs there already.
                    await keeper.surveyAtLast()
                    await follow(new, beside: &followed, in: &group)
                }
                let pause = answer.sites.isEmpty ? settings.joinEveryWithoutSites : settings.joinEvery
                try? await timekeeper.sleep(for: pause)  // Cut short, the loop ends.
            } catch {
                failures += 1
                await keeper.pause(after: error, failures: failures, doing: "join", of: settings.name)
            }
        }
    }

    private func follow(
        _ sites: [String], beside followed: inout Set<String>, in group: inout DiscardingTaskGroup
    ) async {
        await keeper.takeInventory()
        for site in sites where followed.insert(site).inserted {
            group.addTask { await keeper.follow(site, waitSeconds: settings.waitSeconds) }
        }
    }

    private func surveyEverySoOften() async {
        while !Task.isCancelled {
            do {
                try await timekeeper.sleep(for: settings.surveyEvery)
            } catch {
                return
            }
            await keeper.surveyAtLast()
        }
    }
}
