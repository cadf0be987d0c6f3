// Copyright (c) 2026 The kubedebug.pods authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"net/url"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
)

// newEtcdCommand runs one etcd member that does not sync to disk: its data lives as long as the test cluster.
func newEtcdCommand() *cobra.Command {
	var dataDir, clientURL string
	command := &cobra.Command{
		Use:           "etcd",
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := url.Parse(clientURL)
			if err != nil {
				return err
			}
			peer, err := url.Parse("http://127.0.0.1:0")
			if err != nil {
				return err
			}
			config := embed.NewConfig()
			config.Dir = dataDir
			config.LogLevel = "warn"
			config.UnsafeNoFsync = true
			config.WarningUnaryRequestDuration = time.Second
			config.ListenClientUrls = []url.URL{*client}
			config.AdvertiseClientUrls = []url.URL{*client}
			config.ListenPeerUrls = []url.URL{*peer}
			config.AdvertisePeerUrls = []url.URL{*peer}
			config.InitialCluster = config.InitialClusterFromName(config.Name)
			etcd, err := embed.StartEtcd(config)
			if err != nil {
				return err
			}
			defer etcd.Close()
			stopped, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			select {
			case <-etcd.Server.ReadyNotify():
			case <-time.After(time.Minute):
				return fmt.Errorf("etcd was not ready within a minute")
			}
			select {
			case err := <-etcd.Err():
				return err
			case <-stopped.Done():
				return nil
			}
		},
	}
	command.Flags().StringVar(&dataDir, "data-dir", "", "directory of the member's data")
	command.Flags().StringVar(&clientURL, "listen-client-urls", "http://127.0.0.1:2379", "URL to serve clients on")
	return command
}
